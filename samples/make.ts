/**
 * Draws the sample pictures: `node samples/make.ts [name …]`. Nothing here comes from a camera; light, haze,
 * depth of field and grain are computed, so that the files behave like photographs.
 */
import { writeFile } from "node:fs/promises";
import sharp, { type Sharp } from "sharp";

type Colour = readonly [number, number, number];

const mix = (a: number, b: number, part: number) => a + (b - a) * part;
const blend = (a: Colour, b: Colour, part: number): Colour => [
  mix(a[0], b[0], part),
  mix(a[1], b[1], part),
  mix(a[2], b[2], part),
];
const add = (a: Colour, b: Colour, part = 1): Colour => [a[0] + b[0] * part, a[1] + b[1] * part, a[2] + b[2] * part];
const clamp = (value: number) => Math.max(0, Math.min(1, value));
const smooth = (from: number, to: number, value: number) => {
  const part = clamp((value - from) / (to - from));
  return part * part * (3 - 2 * part);
};

/** 0 to 1, the same for the same place. */
function hash(x: number, y: number): number {
  let mixed = Math.imul(x | 0, 374_761_393) ^ Math.imul(y | 0, 668_265_263);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 1_274_126_177);
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 4_294_967_296;
}

function noise(x: number, y: number): number {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [u, v] = [smooth(0, 1, x - left), smooth(0, 1, y - top)];
  const row = (at: number) => mix(hash(left, at), hash(left + 1, at), u);
  return mix(row(top), row(top + 1), v);
}

/** Noise on several scales, about 0 to 1. */
function clouds(x: number, y: number, octaves = 5): number {
  let [sum, weight] = [0, 0.5];
  for (let octave = 0; octave < octaves; octave++) {
    sum += noise(x, y) * weight;
    [x, y, weight] = [x * 2.03 + 17, y * 2.03 + 31, weight / 2];
  }
  return sum;
}

/** Draws with `u` and `v` from 0 to 1 (`v` downwards), light from 0 to 1; adds grain and a darker rim. */
function draw(width: number, height: number, colourAt: (u: number, v: number) => Colour, grain = 0.012): Sharp {
  const data = Buffer.alloc(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [u, v] = [x / width, y / height];
      const rim = 1 - 0.35 * Math.hypot(u - 0.5, v - 0.5) ** 2;
      const dust = (hash(x, y) + hash(x + 7919, y) - 1) * grain;
      for (const light of colourAt(u, v)) data[at++] = 255 * clamp(light * rim + dust);
    }
  }
  return sharp(data, { raw: { width, height, channels: 3 } });
}

function mountains(): Sharp {
  const sun = [0.68, 0.36] as const;
  const ridges = Array.from({ length: 7 }, (_, index) => index / 6);
  return draw(1600, 1067, (u, v) => {
    const distance = Math.hypot((u - sun[0]) * 1.5, v - sun[1]);
    let colour = blend([0.28, 0.42, 0.66], [1, 0.78, 0.55], smooth(-0.1, 0.55, v));
    colour = blend(colour, [1, 0.86, 0.74], 0.75 * smooth(0.42, 0.78, clouds(u * 3 + 4, v * 11)) * smooth(0.6, 0.05, v));
    colour = add(colour, [1, 0.72, 0.42], 0.6 * Math.exp(-distance * 5) + 2 * smooth(0.045, 0.035, distance));
    for (const near of ridges) {
      const rough = 0.1 + 0.1 * near;
      const crest = 0.42 + 0.42 * near - rough * 2.4 * (clouds(u * mix(3.2, 1.8, near) + near * 50, near * 9, 8) - 0.45);
      if (v < crest) continue;
      const depth = clamp((v - crest) / 0.2);
      const light = 0.12 * (clouds(u * 24 + near * 5, v * 30) - 0.5) * near;
      const haze = blend([0.93, 0.66, 0.55], [0.06, 0.1, 0.15], near ** 0.75);
      colour = blend(add(haze, [1, 1, 1], light), blend(haze, [1, 0.75, 0.6], 0.45 * (1 - near)), depth);
      colour = add(colour, [1, 0.55, 0.25], 0.12 * Math.exp(-distance * 4) * (1 - near));
    }
    return colour;
  });
}

function sea(): Sharp {
  const horizon = 0.46;
  return draw(1600, 1067, (u, v) => {
    const sky = (x: number, y: number): Colour => {
      const glow = Math.hypot((x - 0.42) * 1.5, y - 0.4);
      let colour = blend([0.16, 0.2, 0.42], [0.98, 0.56, 0.38], smooth(0, 0.5, y));
      const bank = smooth(0.44, 0.72, clouds(x * 2.6 + 9, y * 9 + 2, 6));
      colour = blend(colour, blend([0.34, 0.24, 0.42], [1, 0.66, 0.5], smooth(0.5, 0, glow)), bank * 0.85);
      return add(colour, [1, 0.7, 0.4], 0.5 * Math.exp(-glow * 6) + 1.6 * smooth(0.04, 0.03, glow) * (1 - bank * 0.6));
    };
    if (v < horizon) return sky(u, v);
    const depth = (v - horizon) / (1 - horizon);
    const scale = 1 / (0.012 + depth * 0.35);
    const swell = clouds((u - 0.5) * scale * 1.3 + 40, scale * 2.6, 4) + 0.35 * clouds((u - 0.5) * scale * 6, scale * 11, 3);
    const tilt = (swell - 0.62) * (0.1 + 0.9 * depth);
    const mirrored = sky(u + tilt * 0.25, clamp(horizon * (1 - depth * 0.95) - tilt * 0.65 - 0.02));
    const water = blend(mirrored, [0.04, 0.1, 0.2], 0.25 + 0.4 * depth);
    const path = Math.exp(-(((u - 0.42) / (0.03 + depth * 0.11)) ** 2)) * smooth(0.52, 0.74, swell + 0.05);
    return add(water, [1, 0.72, 0.42], path * 0.9);
  });
}

function cityLights(): Sharp {
  const hues: Colour[] = [[1, 0.62, 0.22], [1, 0.35, 0.25], [0.35, 0.75, 1], [1, 0.85, 0.6], [0.45, 1, 0.7], [0.95, 0.4, 0.8]];
  const lights = Array.from({ length: 120 }, (_, index) => {
    const depth = hash(index, 5);
    return {
      x: hash(index, 1) * 1.1 - 0.05,
      y: 0.28 + 0.4 * hash(index, 2) + 0.12 * (hash(index, 3) - 0.5),
      radius: mix(0.014, 0.06, depth ** 2.2),
      strength: mix(0.95, 0.38, depth),
      hue: hues[Math.floor(hash(index, 4) * hues.length)]!,
    };
  });
  return draw(1600, 1067, (u, v) => {
    let colour = blend([0.04, 0.07, 0.19], [0.22, 0.13, 0.2], smooth(0.1, 0.74, v));
    for (const { x, y, radius, strength, hue } of lights) {
      const street = v > 0.74;
      const drop = street ? 1.48 - v : v;
      const distance = Math.hypot((u - x) * 1.5, (drop - y) / (street ? 2.6 : 1)) / radius;
      if (distance > 1.12) continue;
      const disc = smooth(1.1, 0.94, distance) * (0.72 + 0.28 * smooth(0.6, 1, distance));
      const wet = street ? 0.42 * (0.4 + clouds(u * 30, v * 90, 3)) : 1;
      colour = add(colour, hue, disc * strength * wet);
    }
    return colour;
  });
}

function dunes(): Sharp {
  return draw(1600, 1067, (u, v) => {
    let colour = blend([0.36, 0.6, 0.86], [0.86, 0.88, 0.86], smooth(0, 0.42, v));
    for (const [index, base] of [0.36, 0.45, 0.58, 0.78].entries()) {
      const crest = (x: number) =>
        base + 0.13 * Math.sin(x * (4.2 - index * 0.6) + index * 2.1) * (0.5 + noise(x * 1.6 + index * 9, 3)) - 0.05;
      if (v < crest(u)) continue;
      const below = v - crest(u);
      const slope = (crest(u + 0.004) - crest(u - 0.004)) / 0.008;
      const bend = noise(u * 5 + index, v * 5) * 5;
      const ripple = Math.sin((below * (150 - index * 28) + u * 34 + bend) * 1.7) * smooth(0, 0.05, below) * (0.25 + 0.2 * index);
      const lit = smooth(-0.55, 0.5, -slope + 0.18 * ripple - 0.7 * smooth(0, 0.5, below) * Math.sin(u * 5 + index * 2));
      const sand = blend([0.42, 0.2, 0.13], [0.98, 0.73, 0.45], lit);
      colour = blend(sand, [0.88, 0.8, 0.74], 0.42 * (1 - index / 3) ** 1.5);
      colour = add(colour, [1, 1, 1], 0.05 * (noise(u * 500, v * 500) - 0.5));
    }
    return colour;
  });
}

function pines(): Sharp {
  const rows = [0.35, 0.55, 0.75, 1];
  return draw(1200, 1600, (u, v) => {
    const moon = Math.hypot(u - 0.66, (v - 0.24) * 1.333);
    let colour = blend([0.05, 0.09, 0.22], [0.5, 0.62, 0.72], smooth(-0.05, 0.75, v));
    const star = hash(Math.floor(u * 400), Math.floor(v * 533));
    colour = add(colour, [1, 1, 1], star > 0.9975 ? 0.7 * smooth(0.55, 0.1, v) : 0);
    colour = add(colour, [0.9, 0.92, 1], 0.35 * Math.exp(-moon * 7));
    const craters = 0.85 + 0.3 * (clouds(u * 24, v * 32) - 0.5);
    colour = blend(colour, [0.98 * craters, 0.96 * craters, 0.9 * craters], smooth(0.093, 0.089, moon));
    for (const [index, near] of rows.entries()) {
      const mist = blend([0.56, 0.66, 0.75], [0.02, 0.05, 0.07], near ** 1.3);
      const spacing = mix(0.05, 0.2, near ** 1.6);
      for (const column of [-1, 0, 1]) {
        const tree = Math.floor(u / spacing) + column;
        const centre = (tree + 0.5 + 0.5 * (hash(tree, index) - 0.5)) * spacing;
        const top = mix(0.6, 0.42, near) + 0.24 * (hash(tree, index + 50) - 0.5) + 0.05;
        const down = v - top;
        if (down < 0) continue;
        const tier = 0.35 + 0.65 * ((down / (0.035 + 0.02 * near)) % 1);
        const branch = spacing * 1.05 * Math.min(1, down * (3.3 - near)) * tier * (0.8 + 0.4 * noise(down * 160, tree * 9 + u * 60));
        if (Math.abs(u - centre) < Math.max(branch, 0.003 * near)) colour = mist;
      }
      colour = blend(colour, [0.62, 0.72, 0.8], 0.5 * (1 - near) * smooth(0.6, 0.95, v + 0.16 * (clouds(u * 3, v * 5 + index) - 0.5)));
    }
    return colour;
  });
}

type Vector = Colour;
const dot = (a: Vector, b: Vector) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const unit = (a: Vector): Vector => blend([0, 0, 0], a, 1 / Math.hypot(...a));

/** Balls of glass and paint on a table, traced with a lens that has a depth of field. */
function marbles(): Sharp {
  const paints: Colour[] = [[0.9, 0.24, 0.18], [0.98, 0.7, 0.15], [0.1, 0.5, 0.52], [0.16, 0.27, 0.62], [0.93, 0.9, 0.84], [0.55, 0.2, 0.5]];
  const balls = Array.from({ length: 26 }, (_, index) => {
    const radius = 0.3 + 0.28 * hash(index, 11);
    const [column, row] = [(index % 6) - 2.5, Math.floor(index / 6)];
    const centre: Vector = [column * 1.5 + 0.7 * (hash(index, 12) - 0.5) + (row % 2) * 0.7, radius, row * 1.7 + 0.6 * (hash(index, 13) - 0.5)];
    return { centre, radius, paint: paints[Math.floor(hash(index, 14) * paints.length)]! };
  });
  const sun = unit([-0.55, 0.75, -0.35]);
  const hit = (from: Vector, along: Vector) => {
    let found: { at: number; ball: (typeof balls)[number] } | null = null;
    for (const ball of balls) {
      const offset = add(from, ball.centre, -1);
      const [b, c] = [dot(offset, along), dot(offset, offset) - ball.radius ** 2];
      const root = b * b - c;
      if (root <= 0) continue;
      const at = -b - Math.sqrt(root);
      if (at > 1e-3 && at < (found?.at ?? Infinity)) found = { at, ball };
    }
    return found;
  };
  const sky = (along: Vector): Colour => {
    const window = smooth(0.28, 0.24, Math.abs(along[0] + 0.5)) * smooth(0.26, 0.22, Math.abs(along[1] - 0.62));
    return add(blend([0.92, 0.8, 0.68], [0.42, 0.5, 0.62], smooth(-0.1, 0.8, along[1])), [2.2, 2.1, 1.9], window);
  };
  const trace = (from: Vector, along: Vector, bounces: number, seed: number): Colour => {
    const ball = hit(from, along);
    const ground = along[1] < 0 ? -from[1] / along[1] : Infinity;
    if (!ball && (ground > 40 || ground === Infinity)) return sky(along);
    const onTable = !ball || ground < ball.at;
    const point = add(from, along, onTable ? ground : ball.at);
    const normal: Vector = onTable ? [0, 1, 0] : unit(add(point, ball.ball.centre, -1));
    const wood = 0.75 + 0.5 * clouds(point[0] * 0.9 + 3, point[2] * 9, 4);
    const paint: Colour = onTable ? [0.5 * wood, 0.34 * wood, 0.23 * wood] : ball.ball.paint;
    const soft = unit(add(sun, [hash(seed, 1) - 0.5, hash(seed, 2) - 0.5, hash(seed, 3) - 0.5], 0.22));
    const lit = hit(add(point, normal, 1e-3), soft) ? 0 : Math.max(0, dot(normal, soft));
    let shade = 0.42 + 0.18 * normal[1];
    for (const { centre, radius } of balls) {
      const away = add(centre, point, -1);
      const distance = Math.hypot(...away);
      if (distance > radius * 1.02) shade *= 1 - 0.75 * clamp(dot(normal, away) / distance) * (radius / distance) ** 2;
    }
    let colour: Colour = [paint[0] * (lit + shade), paint[1] * (0.95 * lit + shade), paint[2] * (0.85 * lit + shade)];
    if (bounces > 0) {
      const facing = Math.max(0, -dot(normal, along));
      const mirrored = add(along, normal, 2 * facing);
      const part = (onTable ? 0.04 : 0.06) + (onTable ? 0.3 : 0.7) * (1 - facing) ** 5;
      colour = blend(colour, trace(add(point, normal, 1e-3), unit(mirrored), bounces - 1, seed + 1), part);
    }
    return blend(colour, [0.86, 0.76, 0.66], smooth(9, 30, point[2]));
  };
  const [eye, focus, samples] = [[0.4, 2.3, -4.6] as Vector, 6.1, 12];
  let seed = 0;
  return draw(1600, 1067, (u, v) => {
    let sum: Colour = [0, 0, 0];
    for (let sample = 0; sample < samples; sample++) {
      seed += 7;
      const [x, y] = [(u - 0.5 + hash(seed, 21) / 1600) * 1.15, (0.5 - v + hash(seed, 22) / 1067) * 0.767 - 0.36];
      const [angle, reach] = [hash(seed, 23) * 2 * Math.PI, 0.11 * Math.sqrt(hash(seed, 24))];
      const lens: Vector = [Math.cos(angle) * reach, Math.sin(angle) * reach, 0];
      sum = add(sum, trace(add(eye, lens), unit(add([x * focus, y * focus, focus], lens, -1)), 2, seed), 1 / samples);
    }
    return [sum[0] ** 0.85, sum[1] ** 0.88, sum[2] ** 0.92];
  }, 0.006);
}

/** A flower with nothing behind it. */
function flower(): Sharp {
  const petals = (count: number, length: number, width: number, turn: number, fill: string) =>
    Array.from({ length: count }, (_, index) => {
      const angle = turn + (360 * index) / count + 5 * (hash(index, 31) - 0.5);
      const reach = length * (0.95 + 0.1 * hash(index, 32));
      return `<path transform="rotate(${angle})" fill="url(#${fill})" stroke="#7c1238" stroke-opacity=".25" stroke-width="2"
        d="M0 0C${-width} ${-reach * 0.35} ${-width * 1.1} ${-reach * 0.85} 0 ${-reach}C${width * 1.1} ${-reach * 0.85} ${width} ${-reach * 0.35} 0 0Z"/>
        <path transform="rotate(${angle})" d="M0 -60L0 ${-reach * 0.8}" stroke="#fff" stroke-opacity=".18" stroke-width="5"/>`;
    }).join("");
  const seeds = Array.from({ length: 260 }, (_, index) => {
    const [angle, radius] = [index * 2.39996, 6.6 * Math.sqrt(index)];
    return `<circle cx="${Math.cos(angle) * radius}" cy="${Math.sin(angle) * radius}" r="5.4" fill="hsl(${44 - radius / 5},92%,${62 - radius / 4}%)"/>`;
  }).join("");
  return sharp(
    Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="1200" viewBox="-600 -600 1200 1200"><defs>
      <radialGradient id="outer" gradientUnits="userSpaceOnUse" cx="0" cy="0" r="560"><stop offset=".2" stop-color="#8e1246"/><stop offset=".65" stop-color="#e5387d"/><stop offset="1" stop-color="#ffb3cf"/></radialGradient>
      <radialGradient id="inner" gradientUnits="userSpaceOnUse" cx="0" cy="0" r="430"><stop offset=".2" stop-color="#a3174f"/><stop offset=".7" stop-color="#f4649b"/><stop offset="1" stop-color="#ffd3e2"/></radialGradient>
      <filter id="soft" x="-30%" y="-30%" width="160%" height="160%"><feDropShadow dx="0" dy="10" stdDeviation="14" flood-color="#3a0018" flood-opacity=".45"/></filter></defs>
      <g filter="url(#soft)">${petals(13, 545, 105, 0, "outer")}</g><g filter="url(#soft)">${petals(13, 410, 86, 14, "inner")}</g>
      <g filter="url(#soft)"><circle r="112" fill="#6b3410"/>${seeds}</g></svg>`),
  );
}

/** Rings that run over a pond; the last frame leads to the first. */
async function ripples(): Promise<Sharp> {
  const [width, height, count] = [600, 400, 24];
  const drops = [[0.32, 0.4, 0], [0.7, 0.62, 0.45], [0.55, 0.2, 0.75]] as const;
  const frames = Array.from({ length: count }, (_, frame) =>
    draw(width, height, (u, v) => {
      const wave = (x: number, y: number) => {
        let sum = 0.25 * clouds(x * 5, y * 8, 3);
        for (const [dropX, dropY, start] of drops) {
          const age = (frame / count + start) % 1;
          const distance = Math.hypot((x - dropX) * 1.5, (y - dropY) * 1.6);
          const ring = Math.exp(-(((distance - age * 0.75) / 0.09) ** 2)) * Math.sin(Math.PI * age);
          sum += ring * Math.sin((distance - age * 0.75) * 55);
        }
        return sum;
      };
      const slope = (wave(u, v + 0.004) - wave(u, v - 0.004)) * 0.75;
      const water = blend([0.02, 0.2, 0.26], [0.36, 0.68, 0.66], clamp(0.55 - v * 0.5 + slope * 0.9));
      return add(water, [1, 0.95, 0.8], 0.7 * smooth(0.16, 0.5, slope + 0.1 * (1 - v)));
    }, 0),
  );
  const pages = await Promise.all(frames.map((frame) => frame.png().toBuffer()));
  return sharp(pages, { join: { animated: true } });
}

const photo = { quality: 87, mozjpeg: true };
const samples: Record<string, () => Promise<Buffer>> = {
  "mountains.jpg": () => mountains().jpeg(photo).toBuffer(),
  "sea.jpg": () => sea().jpeg(photo).toBuffer(),
  "city-lights.jpg": () => cityLights().jpeg(photo).toBuffer(),
  "dunes.jpg": () => dunes().jpeg(photo).toBuffer(),
  "marbles.jpg": () => marbles().jpeg(photo).toBuffer(),
  // Stored lying on its side, as cameras do; the flag says how to turn it.
  "pines.jpg": async () =>
    sharp(await pines().rotate(270).png().toBuffer()).withMetadata({ orientation: 6 }).jpeg(photo).toBuffer(),
  "flower.png": () => flower().png({ palette: true, colours: 256, dither: 0.6, effort: 10 }).toBuffer(),
  "ripples.webp": async () =>
    (await ripples()).webp({ quality: 42, effort: 6, delay: Array(24).fill(70), loop: 0 }).toBuffer(),
};

const wanted = process.argv.slice(2);
for (const [name, make] of Object.entries(samples)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const data = await make();
  await writeFile(new URL(name, import.meta.url), data);
  console.log(`${name}: ${Math.ceil(data.length / 1024)} KB`);
}
