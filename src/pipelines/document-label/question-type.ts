import type { QuestionType } from "./question.ts";

const TRUE_FALSE =
  /[○OＯ]\s*[,/·]?\s*[×XＸ]\s*(?:표|로|를|중|문제|퀴즈|\))|[○OＯ]\s*표.{0,30}[×XＸ]\s*표|맞으면.{0,20}틀리면|옳으면.{0,20}(?:틀리면|옳지)|참이면.{0,20}거짓이면|참\s*[,/·]\s*거짓|참인지\s*거짓인지|진위|true\s*(?:or|\/|,)\s*false|\bT\s*\/\s*F\b|\bT\s+(?:if|for)\b.{0,40}\bF\b|\(\s*T\s*[,/]\s*F\s*\)|\(\s*[○OＯ]\s*[,/]?\s*[×XＸ]\s*\)/i;

const ESSAY =
  /서술하|논술하|논하(?:시오|라|여라)|설명하(?:시오|라|여라|고|세요)|비교하여\s*(?:쓰|서술|설명)|(?:까닭|이유|근거|과정|의견|생각|느낌|견해|방안|차이점).{0,14}(?:쓰시오|적으시오|쓰세요|서술|제시하|설명|말하)|\d+\s*(?:자|문장|줄)\s*(?:이내|내외|이상|정도)|\bessay\b|\bexplain\b|\bdiscuss\b|\bdescribe\b|in your own words|write a (?:short )?(?:paragraph|letter|essay|response)|compare and contrast|\bjustify\b|\bevaluate the\b|\bargue\b|at least \d+ (?:words|sentences)|support your (?:answer|opinion|view)/i;

const ESSAY_ABOVE = /서술형|논술형|\bessays?\b/i;
const SHORT_ABOVE = /단답|short/i;
/** Asks for a word or a number, even under a heading for longer answers. */
const SHORT =
  /찾아\s*쓰|(?:말|낱말|용어|이름|단어|기호|번호|수|값|답)[을를]?\s*(?:모두\s*)?(?:쓰시오|쓰세요|적으시오|구하)|구하(?:시오|여라)|무엇(?:인가|이라|입니까)|\bname the\b|\bfind the\b|fill in|what is/i;

const BOOLEANS = /^(?:[○◯OＯ×xXＸ✕TF]|true|false|참|거짓|맞다|틀리다|맞음|틀림|yes|no|예|아니오)\.?$/i;

const TRUE_FALSE_ANSWER = /^(?:[○◯OＯ×XＸ✕TF]|true|false|참|거짓)$/i;

const MARKED_IN_TEXT = /①[\s\S]*②[\s\S]*③/;

/** A statement with room for a mark, and one with marks that OCR misread. */
const EMPTY_MARK = /다\s*\.\s*[(（]\s*[)）]$/;
const MISREAD_MARK = /(?:다\s*\.?|[a-z]\.)\s*[(（][^)가-힣a-zA-Z]{0,2}[^)가-힣]{1,6}[)）]\.?$/;

export interface TypeClues {
  /** Whether OCR read it. */
  isRead: boolean;
  body: string;
  choices: readonly string[];
  answer: string | null;
  /** Text of the headings and instructions above the question. */
  above: string;
}

export function questionType({ isRead, body: wrapped, choices, answer, above }: TypeClues): QuestionType {
  // Korean text may wrap within words, so also match without whitespace.
  const body = /[가-힣]/.test(wrapped) ? `${wrapped}\n${wrapped.replace(/\s+/g, "")}` : wrapped;
  if (choices.length >= 2) {
    const isBoolean = choices.length === 2 && choices.every((choice) => BOOLEANS.test(choice));
    return isBoolean ? "true_false" : "multiple_choice";
  }
  if (TRUE_FALSE.test(body)) return "true_false";
  if (EMPTY_MARK.test(wrapped) || (isRead && MISREAD_MARK.test(wrapped))) return "true_false";
  if (answer && TRUE_FALSE_ANSWER.test(answer)) return "true_false";
  if (MARKED_IN_TEXT.test(body)) return "multiple_choice";
  if (ESSAY.test(body)) return "essay";
  if (TRUE_FALSE.test(above)) return "true_false";
  if (ESSAY_ABOVE.test(above) && !SHORT_ABOVE.test(above) && !SHORT.test(body)) return "essay";
  return "short_answer";
}
