import type { Random } from "./random.ts";

/** Composes random sentences and phrases, enough of them to make lines wrap in many ways. */
export interface Wording {
  sentence(random: Random): string;
  phrase(random: Random): string;
  /** The stem of a question with choices, with or without further sentences. */
  multiple(random: Random): string;
  short(random: Random): string;
  essay(random: Random): string;
  statement(random: Random): string;
  trueFalse(random: Random, statement: string): string;
  groupOf(random: Random, first: number, last: number): string;
  sections: readonly string[];
  titles: readonly string[];
  instruction: string;
}

const ko = {
  subjects: [
    "조선 시대의 상인",
    "식물의 뿌리",
    "지구의 자전",
    "이 소설의 주인공",
    "산업 혁명 이후의 도시",
    "태양계의 행성",
    "민주주의 사회의 시민",
    "우리 몸의 혈액",
    "시장에서 정해지는 가격",
    "바다에 사는 고래",
    "훈민정음",
    "필자",
    "도시의 하천",
    "기후 변화",
    "공연을 준비한 학생들",
  ],
  places: [
    "오랜 시간에 걸쳐",
    "주변 환경에 따라",
    "많은 사람의 도움으로",
    "예상보다 빠르게",
    "서로 다른 지역에서",
    "겨울이 지나면",
    "높은 압력 아래에서",
    "물과 양분을 얻기 위해",
    "새로운 법이 정해진 뒤에",
    "전쟁이 끝난 직후",
  ],
  verbs: [
    "널리 퍼져 나갔다",
    "점점 줄어들게 되었다",
    "중요한 역할을 맡는다",
    "크게 달라지지 않았다",
    "새로운 모습으로 바뀌었다",
    "여러 갈래로 나뉜다",
    "큰 영향을 주고받는다",
    "서서히 사라지고 있다",
    "꾸준히 늘어나는 추세이다",
    "뜻밖의 결과를 낳았다",
  ],
  nouns: [
    "광합성",
    "증산 작용",
    "관성의 법칙",
    "세금 제도",
    "무역 흑자",
    "은유와 상징",
    "삼각형의 넓이",
    "소수의 의견",
    "생태계의 균형",
    "지방 자치",
    "신문고",
    "판소리",
    "이산화 탄소",
    "전류의 세기",
    "인구 이동",
    "문화재 보호",
  ],
};

const en = {
  subjects: [
    "The old lighthouse",
    "A young scientist",
    "The river delta",
    "Most migrating birds",
    "The city council",
    "An electric current",
    "The main character",
    "Early farmers",
    "The printing press",
    "A balanced ecosystem",
    "The author of the letter",
    "Every volunteer",
    "The trade route",
    "Warm ocean water",
  ],
  verbs: [
    "changed slowly during",
    "depends heavily on",
    "was rarely affected by",
    "provided a model for",
    "eventually replaced",
    "could not survive without",
    "attracted visitors to",
    "explains the origin of",
    "competes directly with",
    "was discovered near",
  ],
  objects: [
    "the long winter months",
    "a network of small villages",
    "the shape of the coastline",
    "a new method of storage",
    "the price of imported grain",
    "several unexpected results",
    "the northern trade winds",
    "a series of careful experiments",
    "the local school library",
    "an ancient stone bridge",
  ],
  nouns: [
    "photosynthesis",
    "a metaphor",
    "the water cycle",
    "kinetic energy",
    "supply and demand",
    "a constitution",
    "tectonic plates",
    "an acute angle",
    "natural selection",
    "a primary source",
    "the judicial branch",
    "evaporation",
    "a prime number",
    "irony",
    "a chemical bond",
  ],
};

const koSentence = (random: Random) =>
  `${random.pick(ko.subjects)}은(는) ${random.pick(ko.places)} ${random.pick(ko.verbs)}.`.replace(
    "은(는)",
    random.chance(0.5) ? "은" : "는",
  );

const korean: Wording = {
  sentence: koSentence,
  phrase: (random) =>
    random.chance(0.6) ? random.pick(ko.nouns) : `${random.pick(ko.places)} ${random.pick(ko.verbs)}`,
  multiple: (random) => {
    const noun = random.pick(ko.nouns);
    return random.pick([
      `다음 중 ${noun}에 대한 설명으로 옳은 것은?`,
      `${noun}에 대한 설명으로 옳지 않은 것은?`,
      `윗글의 내용과 일치하는 것을 고르시오.`,
      `다음 글의 주제로 가장 적절한 것은? ${koSentence(random)} ${koSentence(random)}`,
      `${koSentence(random)} 밑줄 친 부분과 관계가 깊은 것은 무엇인가?`,
      `다음 빈칸에 들어갈 말로 알맞은 것은? ${koSentence(random)}`,
      `어느 학급의 학생 ${random.between(20, 38)}명 중 ${random.between(3, 19)}명이 ${noun}을 조사하였다. 나머지 학생은 모두 몇 명인가?`,
      `${noun}과 ${random.pick(ko.nouns)}을 비교한 내용 중 틀린 것은?`,
    ]);
  },
  short: (random) =>
    random.pick([
      `${random.pick(ko.nouns)}의 뜻을 나타내는 낱말을 본문에서 찾아 쓰시오.`,
      `${random.between(12, 98)} × ${random.between(2, 9)}의 값을 구하시오.`,
      `다음 설명에 해당하는 용어를 쓰시오. ${koSentence(random)}`,
      `${koSentence(random)} 이 현상을 무엇이라고 하는가?`,
      `한 변의 길이가 ${random.between(3, 20)} cm인 정사각형의 둘레를 구하시오.`,
    ]),
  essay: (random) =>
    random.pick([
      `${random.pick(ko.nouns)}이 우리 생활에 미치는 영향을 두 가지 이상 서술하시오.`,
      `${koSentence(random)} 그 까닭을 본문의 내용을 근거로 설명하시오.`,
      `${random.pick(ko.nouns)}과 ${random.pick(ko.nouns)}의 차이점을 100자 이내로 쓰시오.`,
      `${random.pick(ko.subjects)}에 대한 자신의 생각을 이유와 함께 서술하시오.`,
    ]),
  statement: koSentence,
  trueFalse: (random, statement) =>
    random.pick([
      `${statement} (○, ×)`,
      `${statement} ( O / X )`,
      `다음 설명이 맞으면 ○표, 틀리면 ×표 하시오. ${statement}`,
    ]),
  groupOf: (random, first, last) =>
    random.pick([
      `[${first}~${last}] 다음 글을 읽고 물음에 답하시오.`,
      `※ [${first}-${last}] 다음 글을 읽고 물음에 답하시오.`,
      `[${first} ～ ${last}] 다음 자료를 보고 물음에 답하시오.`,
    ]),
  sections: [
    "제1부 객관식",
    "제2부 서술형",
    "제3부 심화",
    "Ⅰ. 기본 문제",
    "Ⅱ. 응용 문제",
    "1단원 평가",
    "2단원 평가",
    "3단원 평가",
  ],
  titles: [
    "2학년 1학기 중간고사 국어",
    "과학 단원 평가",
    "사회 문제집 3단원",
    "겨울 방학 복습 문제",
    "수학 형성 평가",
  ],
  instruction: "문제를 잘 읽고 알맞은 답을 답안지에 표시하시오.",
};

const enSentence = (random: Random) =>
  `${random.pick(en.subjects)} ${random.pick(en.verbs)} ${random.pick(en.objects)}.`;

const english: Wording = {
  sentence: enSentence,
  phrase: (random) =>
    random.chance(0.5) ? random.pick(en.nouns) : `${random.pick(en.verbs)} ${random.pick(en.objects)}`,
  multiple: (random) => {
    const noun = random.pick(en.nouns);
    return random.pick([
      `Which of the following best describes ${noun}?`,
      `According to the passage, what is true about ${noun}?`,
      `${enSentence(random)} ${enSentence(random)} What can be inferred from this observation?`,
      `A class of ${random.between(20, 38)} students measured ${noun}. Which conclusion do the results support?`,
      `The word that is closest in meaning to "${noun}" is`,
      `All of the following are examples of ${noun} EXCEPT`,
    ]);
  },
  short: (random) =>
    random.pick([
      `What is ${random.between(12, 98)} × ${random.between(2, 9)}?`,
      `Name the process in which ${random.pick(en.objects)} is broken down.`,
      `${enSentence(random)} Which term names this effect?`,
      `Find the perimeter of a square with sides of ${random.between(3, 20)} cm.`,
      `Fill in the blank: ${random.pick(en.subjects)} ________ ${random.pick(en.objects)}.`,
    ]),
  essay: (random) =>
    random.pick([
      `Explain how ${random.pick(en.nouns)} affects everyday life. Give two examples.`,
      `Compare and contrast ${random.pick(en.nouns)} and ${random.pick(en.nouns)}.`,
      `${enSentence(random)} Discuss the causes in your own words.`,
      `Describe the role of ${random.pick(en.nouns)} and support your answer with evidence from the text.`,
    ]),
  statement: enSentence,
  trueFalse: (random, statement) =>
    random.pick([`${statement} (T / F)`, `True or False: ${statement}`, `${statement} (True/False)`]),
  groupOf: (random, first, last) =>
    random.pick([
      `Questions ${first}-${last} refer to the following passage.`,
      `[${first}-${last}] Read the passage and answer the questions.`,
      `Read the following passage and answer questions ${first} to ${last}.`,
    ]),
  sections: [
    "Part A: Reading",
    "Part B: Grammar",
    "Part C: Writing",
    "Section 1. Basics",
    "Section 2. Practice",
    "Unit 3 Review",
    "Unit 4 Review",
    "Unit 5 Review",
  ],
  titles: [
    "Midterm Examination",
    "Science Workbook, Chapter 4",
    "English Practice Test",
    "Unit Review Worksheet",
    "History Quiz",
  ],
  instruction: "Read each question carefully and mark your answer on the answer sheet.",
};

export const wordings = { ko: korean, en: english };
