const en = {
  title: "What would their child look like?",
  first: "First parent",
  second: "Second parent",
  hint: "Choose portraits that look at the camera, with one face each.",
  samples: "Try it with painted faces",
  frame: "Hair and surroundings",
  oval: "The face alone",
  ofFirst: "The first parent’s",
  ofSecond: "The second parent’s",
  resemblance: "Resembles",
  siblings: "Children",
  consent: "Both people agree that their portraits are used.",
  privacy: "The portraits are deleted as soon as the pictures are made, and after an hour at the latest.",
  go: "Show the child",
  notice: "An illustration, not a prediction.",
  again: "Another child",
  draw: "Draw it with an image model",
  traits: "Traits",
  waiting: "Waiting for a turn …",
  working: "Looking at the faces …",
  drawing: "Drawing. This may take a minute …",
  child: "Child",
  drawn: "drawn",
  save: "Save",
  parents: "Parents",
  rule: "Rule",
  source: "Source",
  frame_stretched: "The portrait ends close to the face, so its edge was stretched.",
  no_image_model: "No image model is configured here, so the picture stays as it is.",
  unreadable_portrait: "This portrait cannot be read. Choose a JPEG, PNG or WebP picture.",
  no_face: "This portrait shows no face. Choose one with the whole face in good light.",
  several_faces: "This portrait shows several faces. Cut it down to the one that you mean.",
  face_too_small:
    "The face in this portrait is too small. Choose a larger picture, or cut it down to the face.",
  face_turned: "The face in this portrait is turned away. Choose one that looks at the camera.",
  unauthorized: "Log in first.",
  length: "Face length",
  eyeSpacing: "Distance of the eyes",
  eyeSize: "Width of the eyes",
  noseWidth: "Width of the nose",
  noseLength: "Length of the nose",
  mouthWidth: "Width of the mouth",
  lipFullness: "Fullness of the lips",
  jawWidth: "Width of the jaw",
};

/** @type {typeof en} */
const ko = {
  title: "두 사람의 아이는 어떤 얼굴일까요?",
  first: "첫째 부모",
  second: "둘째 부모",
  hint: "정면을 보는 사진을 골라 주세요. 사진마다 얼굴은 하나만 있어야 해요.",
  samples: "그림으로 그린 얼굴로 해 보기",
  frame: "머리 모양과 배경",
  oval: "얼굴만",
  ofFirst: "첫째 부모처럼",
  ofSecond: "둘째 부모처럼",
  resemblance: "누구를 더 닮을까요?",
  siblings: "아이 수",
  consent: "두 사람 모두 사진을 쓰는 데 동의했어요.",
  privacy: "올린 사진은 결과가 나오면 바로 지우고, 늦어도 한 시간 안에 지워요.",
  go: "아이 얼굴 보기",
  notice: "재미로 보는 그림이에요. 실제 모습을 예측한 것이 아니에요.",
  again: "다른 아이 보기",
  draw: "이미지 모델로 다시 그리기",
  traits: "닮은 점",
  waiting: "차례를 기다리고 있어요…",
  working: "얼굴을 살펴보고 있어요…",
  drawing: "그리고 있어요. 1분쯤 걸릴 수 있어요…",
  child: "아이",
  drawn: "그림",
  save: "저장",
  parents: "부모",
  rule: "계산 방법",
  source: "출처",
  frame_stretched: "사진이 얼굴에 너무 가깝게 잘려 있어서 가장자리를 늘렸어요.",
  no_image_model: "여기에는 이미지 모델이 설정되어 있지 않아서 그림을 그대로 두었어요.",
  unreadable_portrait: "이 사진을 읽을 수 없어요. JPEG, PNG, WebP 사진을 골라 주세요.",
  no_face: "이 사진에서 얼굴을 찾지 못했어요. 밝은 곳에서 찍은, 얼굴 전체가 나온 사진을 골라 주세요.",
  several_faces: "이 사진에는 얼굴이 여럿 있어요. 한 사람만 남게 잘라 주세요.",
  face_too_small: "얼굴이 너무 작아요. 더 큰 사진을 고르거나 얼굴 부분만 잘라 주세요.",
  face_turned: "얼굴이 옆을 보고 있어요. 정면을 보는 사진을 골라 주세요.",
  unauthorized: "먼저 로그인해 주세요.",
  length: "얼굴 길이",
  eyeSpacing: "눈 사이 거리",
  eyeSize: "눈 너비",
  noseWidth: "코 너비",
  noseLength: "코 길이",
  mouthWidth: "입 너비",
  lipFullness: "입술 두께",
  jawWidth: "턱 너비",
};

/** @typedef {keyof typeof en} Text */

const languages = { en, ko };
const remembered = localStorage.getItem("language") ?? navigator.language;
/** @type {keyof typeof languages} */
let language = remembered.startsWith("ko") ? "ko" : "en";

/** @param {Text} name */
export function text(name) {
  return languages[language][name];
}

/**
 * @param {string} name
 * @returns {name is Text}
 */
export function isText(name) {
  return name in en;
}

/** Fills the page with texts in the chosen language. */
export function showTexts() {
  document.documentElement.lang = language;
  document.title = text("title");
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = text(/** @type {Text} */ (element.getAttribute("data-text")));
  }
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.getAttribute("data-language") === language));
  }
}

/** @param {() => void} onChange */
export function offerLanguages(onChange) {
  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => {
      language = /** @type {keyof typeof languages} */ (button.getAttribute("data-language"));
      localStorage.setItem("language", language);
      showTexts();
      onChange();
    });
  }
  showTexts();
}
