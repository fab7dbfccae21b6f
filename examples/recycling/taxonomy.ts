/** What the app can distinguish: materials, items made of them, and conditions that change a rule. */
export const languages = ["ko", "en"] as const;
export type Language = (typeof languages)[number];
export type Text = Record<Language, string>;

export const materials = {
  "clear-pet": { ko: "투명 페트", en: "clear PET" },
  plastic: { ko: "플라스틱", en: "plastic" },
  film: { ko: "비닐", en: "plastic film" },
  foam: { ko: "스티로폼", en: "foam" },
  glass: { ko: "유리", en: "glass" },
  metal: { ko: "금속", en: "metal" },
  paper: { ko: "종이", en: "paper" },
  carton: { ko: "종이팩", en: "carton" },
  battery: { ko: "전지", en: "battery" },
  electronics: { ko: "전자제품", en: "electronics" },
  lamp: { ko: "조명", en: "lamp" },
  textile: { ko: "섬유", en: "textile" },
  food: { ko: "음식물", en: "food" },
  medicine: { ko: "의약품", en: "medicine" },
  mixed: { ko: "여러 재질", en: "several materials" },
} as const satisfies Record<string, Text>;
export type Material = keyof typeof materials;

interface Item extends Text {
  material: Material;
  /** COCO labels of the offline detector that may mean this item. Likelier items come earlier in this list. */
  seenAs?: readonly string[];
}

export const items = {
  "pet-bottle": { ko: "투명 페트병", en: "clear PET bottle", material: "clear-pet", seenAs: ["bottle"] },
  "glass-bottle": { ko: "유리병", en: "glass bottle or jar", material: "glass", seenAs: ["bottle"] },
  "plastic-bottle": {
    ...{ ko: "플라스틱 통 (세제·샴푸)", en: "plastic bottle (detergent, shampoo)" },
    ...{ material: "plastic", seenAs: ["bottle"] },
  },
  "paper-cup": { ko: "종이컵", en: "paper cup", material: "paper", seenAs: ["cup"] },
  "plastic-cup": { ko: "플라스틱 컵", en: "plastic cup", material: "plastic", seenAs: ["cup"] },
  "plastic-container": {
    ...{ ko: "플라스틱 용기", en: "plastic container", material: "plastic", seenAs: ["bowl"] },
  },
  ceramic: { ko: "도자기 그릇", en: "ceramic dish", material: "mixed", seenAs: ["bowl", "vase", "cup"] },
  "drinking-glass": {
    ...{ ko: "유리컵·내열유리", en: "drinking glass, heat-proof glass" },
    ...{ material: "mixed", seenAs: ["wine glass", "vase"] },
  },
  "plastic-bag": { ko: "비닐봉지·포장 비닐", en: "plastic bag or wrap", material: "film" },
  foam: { ko: "스티로폼 상자·완충재", en: "foam box or packing", material: "foam" },
  "drink-can": { ko: "음료 캔", en: "drink can", material: "metal" },
  "food-can": { ko: "통조림 캔", en: "food can", material: "metal" },
  "aerosol-can": { ko: "스프레이·부탄가스 캔", en: "spray or gas can", material: "metal" },
  cutlery: {
    ko: "금속 수저·조리도구",
    en: "metal cutlery",
    material: "metal",
    seenAs: ["fork", "knife", "spoon"],
  },
  book: { ko: "책·공책", en: "book or notebook", material: "paper", seenAs: ["book"] },
  newspaper: { ko: "신문·전단", en: "newspaper", material: "paper" },
  "cardboard-box": { ko: "택배 상자", en: "cardboard box", material: "paper" },
  receipt: { ko: "영수증", en: "receipt", material: "mixed" },
  tissue: { ko: "휴지", en: "tissue or paper towel", material: "mixed" },
  "milk-carton": { ko: "우유팩·두유팩", en: "milk or drink carton", material: "carton" },
  battery: { ko: "건전지·보조배터리", en: "battery", material: "battery" },
  "small-electronics": {
    ...{ ko: "휴대전화·소형 가전", en: "phone or small appliance", material: "electronics" },
    seenAs: ["cell phone", "remote", "keyboard", "mouse", "laptop", "hair drier", "toaster", "clock"],
  },
  lamp: { ko: "형광등·전구", en: "bulb or fluorescent tube", material: "lamp" },
  clothes: {
    ko: "헌옷·가방",
    en: "clothes or bag",
    material: "textile",
    seenAs: ["tie", "handbag", "backpack"],
  },
  "food-waste": {
    ...{ ko: "음식물·과일 껍질", en: "food scraps", material: "food" },
    seenAs: [
      "banana",
      "apple",
      "orange",
      "broccoli",
      "carrot",
      "sandwich",
      "hot dog",
      "pizza",
      "donut",
      "cake",
    ],
  },
  bones: { ko: "뼈·껍데기", en: "bones or shells", material: "mixed" },
  medicine: { ko: "폐의약품", en: "old medicine", material: "medicine" },
  toothbrush: { ko: "칫솔", en: "toothbrush", material: "mixed", seenAs: ["toothbrush"] },
  umbrella: { ko: "우산", en: "umbrella", material: "mixed", seenAs: ["umbrella"] },
  toy: { ko: "장난감·인형", en: "toy", material: "mixed", seenAs: ["teddy bear", "frisbee", "kite"] },
} as const satisfies Record<string, Item>;
export type ItemName = keyof typeof items;

export const conditions = {
  label: { ko: "라벨이 붙어 있음", en: "with a label" },
  residue: { ko: "음식물이 묻음", en: "with food on it" },
  contents: { ko: "내용물이 남음", en: "not empty" },
  lid: { ko: "뚜껑이 있음", en: "with a lid" },
  tape: { ko: "테이프가 붙음", en: "with tape" },
  mixed: { ko: "다른 재질이 섞임", en: "of several materials" },
  coated: { ko: "코팅됨", en: "coated" },
  broken: { ko: "깨짐", en: "broken" },
  wet: { ko: "젖음", en: "wet" },
} as const satisfies Record<string, Text>;
export type Condition = keyof typeof conditions;

export const itemNames = Object.keys(items) as [ItemName, ...ItemName[]];
export const conditionNames = Object.keys(conditions) as [Condition, ...Condition[]];
export const materialNames = Object.keys(materials) as [Material, ...Material[]];

export function materialOf(item: ItemName): Material {
  return items[item].material;
}

/** Items that a detector's label may mean: it cannot tell whether a bottle is glass. */
export function itemsSeenAs(label: string): ItemName[] {
  return itemNames.filter((name) => {
    const item: Item = items[name];
    return item.seenAs?.includes(label) ?? false;
  });
}
