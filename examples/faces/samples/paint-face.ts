/**
 * Paints faces of nobody for samples and tests, with enough light and shade for the models to recognize them.
 */

export interface PaintedFace {
  skin: string;
  shade: string;
  light: string;
  hair: string;
  iris: string;
  lips: string;
  background: string;
  shirt: string;
  /** Half of the face's width, in an image 640 pixels wide. */
  width: number;
  /** Distance of each eye from the middle. */
  eyes: number;
  nose: number;
  mouth: number;
  chin: number;
  brows: number;
}

export const firstFace: PaintedFace = {
  skin: "#d9a07a",
  shade: "#a86b4a",
  light: "#f0c6a4",
  hair: "#33201a",
  iris: "#5b3a1e",
  lips: "#b5584f",
  background: "#8fa3ad",
  shirt: "#40566b",
  width: 150,
  eyes: 62,
  nose: 60,
  mouth: 70,
  chin: 560,
  brows: 16,
};

export const secondFace: PaintedFace = {
  skin: "#e7bd9d",
  shade: "#bd8667",
  light: "#fbe0c8",
  hair: "#8a5a2b",
  iris: "#4f7d94",
  lips: "#c46a66",
  background: "#b7a98f",
  shirt: "#7a3b3b",
  width: 138,
  eyes: 58,
  nose: 50,
  mouth: 58,
  chin: 575,
  brows: 11,
};

const WIDTH = 640;
const HEIGHT = 720;
const MIDDLE = 320;
const TOP = 150;
const EYES = 300;
const NOSE = 400;
const MOUTH = 470;

/** An SVG of 640 × 720 pixels. */
export function paintFace(face: PaintedFace): string {
  const outline = outlineOf(face);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}">
<defs>${[2, 4, 8, 16, 24].map(softness).join("")}
<radialGradient id="skin" cx="45%" cy="40%" r="70%"><stop offset="0" stop-color="${face.light}"/><stop offset=".55" stop-color="${face.skin}"/><stop offset="1" stop-color="${face.shade}"/></radialGradient>
<clipPath id="face"><path d="${outline}"/></clipPath></defs>
<rect width="${WIDTH}" height="${HEIGHT}" fill="${face.background}"/>
${behind(face)}
<path d="${outline}" fill="url(#skin)"/>
<g clip-path="url(#face)">${shading(face)}${nose(face)}${eye(face, -1)}${eye(face, 1)}${mouth(face)}</g>
${hairline(face)}
</svg>`;
}

function softness(blur: number): string {
  return `<filter id="soft${blur}" x="-50%" y="-50%" width="200%" height="200%"><feGaussianBlur stdDeviation="${blur}"/></filter>`;
}

function outlineOf({ width: w, chin }: PaintedFace): string {
  const [left, right] = [MIDDLE - w, MIDDLE + w];
  return `M${left} 280C${left - 6} 420 ${MIDDLE - w * 0.78} ${chin - 70} 274 ${chin - 6}Q${MIDDLE} ${chin + 14} 366 ${chin - 6}C${MIDDLE + w * 0.78} ${chin - 70} ${right + 6} 420 ${right} 280C${right} 180 410 ${TOP} ${MIDDLE} ${TOP}C230 ${TOP} ${left} 180 ${left} 280Z`;
}

function behind({ width: w, chin, hair, shade, shirt }: PaintedFace): string {
  const [left, right] = [MIDDLE - w, MIDDLE + w];
  return `<path d="M${left - 28} 460C${left - 60} 60 ${right + 60} 60 ${right + 28} 460Z" fill="${hair}" filter="url(#soft2)"/>
<path d="M245 ${chin - 90}L235 ${chin + 90}H405L395 ${chin - 90}Z" fill="${shade}"/>
<path d="M20 720Q60 ${chin + 80} 240 ${chin + 50}Q${MIDDLE} ${chin + 110} 400 ${chin + 50}Q580 ${chin + 80} 620 720Z" fill="${shirt}"/>
<ellipse cx="${left}" cy="350" rx="18" ry="42" fill="${shade}"/><ellipse cx="${right}" cy="350" rx="18" ry="42" fill="${shade}"/>`;
}

function hairline({ width: w, hair }: PaintedFace): string {
  const [left, right] = [MIDDLE - w - 8, MIDDLE + w + 8];
  return `<path d="M${left} 285C${left + 14} 205 250 190 300 196C380 204 ${right - 40} 196 ${right} 285C${right + 14} 100 ${left - 14} 100 ${left} 285Z" fill="${hair}" filter="url(#soft2)"/>`;
}

function shading({ width: w, chin, shade, light }: PaintedFace): string {
  const spot = (x: number, y: number, rx: number, ry: number, fill: string, opacity: number, blur: number) =>
    `<ellipse cx="${x}" cy="${y}" rx="${rx}" ry="${ry}" fill="${fill}" opacity="${opacity}" filter="url(#soft${blur})"/>`;
  return [
    spot(MIDDLE - w + 20, chin - 110, 60, 120, shade, 0.45, 24),
    spot(MIDDLE + w - 20, chin - 110, 60, 120, shade, 0.55, 24),
    spot(MIDDLE - 85, NOSE + 5, 46, 30, "#d9705a", 0.28, 16),
    spot(MIDDLE + 85, NOSE + 5, 46, 30, "#d9705a", 0.28, 16),
    spot(MIDDLE, EYES - 80, 80, 40, light, 0.7, 16),
    spot(MIDDLE, chin - 30, 36, 20, light, 0.6, 8),
    spot(MIDDLE, MOUTH + 44, 44, 10, shade, 0.5, 8),
  ].join("");
}

function nose({ nose: size, shade, light }: PaintedFace): string {
  const at = (share: number) => MIDDLE + share * size;
  const line = (d: string, stroke: string, width: number, opacity: number, blur: number) =>
    `<path d="${d}" fill="none" stroke="${stroke}" stroke-width="${width}" opacity="${opacity}" filter="url(#soft${blur})"/>`;
  return [
    line(`M294 290Q300 350 ${at(-0.45)} ${NOSE}`, shade, 10, 0.35, 8),
    line(`M346 290Q340 350 ${at(0.45)} ${NOSE}`, shade, 14, 0.5, 8),
    line(`M${MIDDLE} 280V${NOSE - 14}`, light, 16, 0.8, 8),
    `<ellipse cx="${MIDDLE}" cy="${NOSE - 6}" rx="${size * 0.4}" ry="16" fill="${light}" opacity=".7" filter="url(#soft4)"/>`,
    line(
      `M${at(-0.62)} 404Q${at(-0.62)} 380 ${at(-0.4)} 382M${at(0.62)} 404Q${at(0.62)} 380 ${at(0.4)} 382`,
      shade,
      5,
      0.8,
      2,
    ),
    line(
      `M${at(-0.5)} 410Q${at(-0.25)} 402 312 414Q${MIDDLE} 419 328 414Q${at(0.25)} 402 ${at(0.5)} 410`,
      "#4a2a1c",
      6,
      0.75,
      2,
    ),
    line(`M312 426L310 450M328 426L330 450`, shade, 5, 0.35, 4),
  ].join("");
}

function eye({ eyes, iris, hair, shade, brows }: PaintedFace, side: -1 | 1): string {
  const x = MIDDLE + side * eyes;
  const almond = `M${x - 38} 302Q${x} 274 ${x + 38} 302Q${x} 323 ${x - 38} 302Z`;
  return `<ellipse cx="${x}" cy="296" rx="52" ry="33" fill="${shade}" opacity=".35" filter="url(#soft8)"/>
<path d="${almond}" fill="#f4efe9"/><clipPath id="eye${side}"><path d="${almond}"/></clipPath>
<g clip-path="url(#eye${side})"><circle cx="${x}" cy="299" r="15" fill="${iris}"/><circle cx="${x}" cy="299" r="7" fill="#15100c"/><circle cx="${x + 4}" cy="294" r="3" fill="#fff"/><rect x="${x - 38}" y="270" width="76" height="20" opacity=".35" filter="url(#soft4)"/></g>
<path d="M${x - 40} 303Q${x} 273 ${x + 40} 303" fill="none" stroke="#2a1a12" stroke-width="5" stroke-linecap="round"/>
<path d="M${x - 42} 280Q${x} 251 ${x + 42} 282" fill="none" stroke="${shade}" stroke-width="3" opacity=".7" filter="url(#soft2)"/>
<path d="M${x - 41} ${262 - side * -2}Q${x + side * 2} 240 ${x + 41} ${262 - side * 2}" fill="none" stroke="${hair}" stroke-width="${brows}" stroke-linecap="round" opacity=".85" filter="url(#soft2)"/>`;
}

function mouth({ mouth: w, lips }: PaintedFace): string {
  const [left, right] = [MIDDLE - w, MIDDLE + w];
  return `<path d="M${left} 470Q${MIDDLE - w * 0.4} 452 308 453Q${MIDDLE} 459 332 453Q${MIDDLE + w * 0.4} 452 ${right} 470Q${MIDDLE} 476 ${left} 470Z" fill="${lips}" filter="url(#soft2)"/>
<path d="M${left} 470Q${MIDDLE} 478 ${right} 470Q${MIDDLE} 522 ${left} 470Z" fill="${lips}" opacity=".9" filter="url(#soft2)"/>
<ellipse cx="${MIDDLE}" cy="486" rx="${w * 0.4}" ry="6" fill="#f3b3a6" opacity=".6" filter="url(#soft4)"/>
<path d="M${left - 2} 469Q${MIDDLE} 478 ${right + 2} 469" fill="none" stroke="#5a241f" stroke-width="4" filter="url(#soft2)"/>`;
}
