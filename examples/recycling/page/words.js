const words = {
  ko: {
    title: "분리배출 도우미",
    tabs: { scan: "스캔", chat: "대화", album: "내 캐릭터" },
    language: "English",
    logout: "로그아웃",
    login: {
      lead: "찍으면 버리는 법을 알려 드려요.",
      email: "이메일",
      password: "비밀번호 (10자 이상)",
      login: "로그인",
      register: "계정 만들기",
      toRegister: "처음이신가요? 계정 만들기",
      toLogin: "계정이 있으신가요? 로그인",
    },
    scan: {
      lead: "버릴 물건을 가운데에 두고 찍어 주세요.",
      camera: "사진 찍기",
      file: "사진 고르기",
      another: "다른 사진",
      region: "지역",
      question: "궁금한 점 (선택)",
      example: "라벨은 떼야 하나요?",
      send: "버리는 법 알아보기",
      sending: "보내는 중…",
      photo: "고른 사진",
      privacy: "보낸 사진은 분석이 끝나면 지우고, 작게 줄인 사진은 하루 뒤에 지웁니다.",
      again: "다시 스캔하기",
    },
    stages: { queued: "대기", vision: "사진 보기", rule: "규칙 찾기", answer: "답변", reward: "보상" },
    retrying: "다시 시도하는 중…",
    failed: "여기서 멈췄습니다. 앞 단계의 결과는 남아 있습니다.",
    retry: "이어서 다시 시도",
    seen: {
      title: "무엇일까요?",
      detector: "기기 안의 작은 인식기가 추측한 결과입니다. 자주 틀리니 직접 골라 주세요.",
      model: (/** @type {string} */ by) => `${by} 모델의 판단입니다. 아니라면 고쳐 주세요.`,
      user: "직접 확인한 품목입니다.",
      none: "알아본 것이 없습니다. 품목을 골라 주세요.",
      choose: "품목 고르기",
      conditions: "어떤 상태인가요?",
      confirm: "이 품목이 맞아요",
      change: "다른 품목이에요",
    },
    answer: {
      title: "이렇게 버려요",
      model: (/** @type {string} */ by) => `${by} 모델이 규칙만 보고 썼습니다.`,
      source: "출처",
      published: "발행",
      read: "확인",
    },
    disclaimer: "규칙은 지역마다 다르고 바뀝니다. 정확한 기준은 지자체에 확인하세요.",
    reward: {
      new: (/** @type {string} */ name) => `${name} 합류!`,
      owned: (/** @type {string} */ name) => `이미 함께하는 캐릭터: ${name}`,
      unconfirmed: "품목을 확인하면 캐릭터를 만날 수 있어요.",
    },
    album: {
      count: (/** @type {number} */ owned, /** @type {number} */ all) => `${all}명 중 ${owned}명을 만났어요.`,
      hidden: "아직 만나지 못했어요",
      empty: "스캔하고 확인하면 캐릭터가 여기 모입니다.",
    },
    chat: {
      lead: "분리배출 규칙에 대해 물어보세요.",
      ask: "질문 보내기",
      placeholder: "예: 우유팩은 어떻게 버려요?",
      fresh: "새 대화",
      list: "지난 대화",
      none: "아직 대화가 없습니다.",
      failed: "답하지 못했습니다. 다시 물어보세요.",
      remove: "대화 지우기",
      thinking: "찾아보는 중…",
    },
    offline: "서버에 닿지 않습니다. 다시 시도해 주세요.",
  },
  en: {
    title: "Recycling helper",
    tabs: { scan: "Scan", chat: "Chat", album: "My characters" },
    language: "한국어",
    logout: "Log out",
    login: {
      lead: "Take a photo, and learn where it goes.",
      email: "Email",
      password: "Password (at least 10 characters)",
      login: "Log in",
      register: "Create account",
      toRegister: "New here? Create an account",
      toLogin: "Have an account? Log in",
    },
    scan: {
      lead: "Put the thing in the middle and take a photo.",
      camera: "Take a photo",
      file: "Choose a photo",
      another: "Another photo",
      region: "Region",
      question: "Your question (optional)",
      example: "Does the label have to come off?",
      send: "Where does it go?",
      sending: "Sending…",
      photo: "The chosen photo",
      privacy: "Your photo is deleted as soon as it was analyzed, and the small copy after a day.",
      again: "Scan something else",
    },
    stages: { queued: "Waiting", vision: "Looking", rule: "Rule", answer: "Answer", reward: "Reward" },
    retrying: "Trying again…",
    failed: "It stopped here. What the stages before found is kept.",
    retry: "Try again from here",
    seen: {
      title: "What is it?",
      detector: "A small detector guessed this without a network. It is often wrong, so please choose.",
      model: (/** @type {string} */ by) => `Judged by ${by}. Correct it if it is wrong.`,
      user: "You confirmed this item.",
      none: "Nothing was recognized. Choose the item.",
      choose: "Choose an item",
      conditions: "What is it like?",
      confirm: "Yes, this is it",
      change: "It is something else",
    },
    answer: {
      title: "Where it goes",
      model: (/** @type {string} */ by) => `Written by ${by}, from the rule alone.`,
      source: "Source",
      published: "published",
      read: "read",
    },
    disclaimer: "Rules differ by place and change. Check with your local authority.",
    reward: {
      new: (/** @type {string} */ name) => `${name} joins you!`,
      owned: (/** @type {string} */ name) => `${name} is with you already`,
      unconfirmed: "Confirm the item to meet a character.",
    },
    album: {
      count: (/** @type {number} */ owned, /** @type {number} */ all) => `You have met ${owned} of ${all}.`,
      hidden: "Not met yet",
      empty: "Scan and confirm something, and characters gather here.",
    },
    chat: {
      lead: "Ask about the rules of your region.",
      ask: "Send",
      placeholder: "For example: where do milk cartons go?",
      fresh: "New conversation",
      list: "Earlier conversations",
      none: "No conversations yet.",
      failed: "There is no answer. Ask again.",
      remove: "Delete conversation",
      thinking: "Looking it up…",
    },
    offline: "The server cannot be reached. Try again.",
  },
};

const KEY = "recycling.language";
/** @typedef {keyof typeof words} Language */

/** @type {Language} */
let current = localStorage.getItem(KEY) === "en" ? "en" : "ko";
if (localStorage.getItem(KEY) === null && !navigator.language.startsWith("ko")) current = "en";

export const language = () => current;
export const say = () => words[current];

/** @param {Language} next */
export function setLanguage(next) {
  current = next;
  localStorage.setItem(KEY, next);
  document.documentElement.lang = next;
}
