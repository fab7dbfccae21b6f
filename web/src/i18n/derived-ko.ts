import type { DerivedDictionary } from "./derived-en.ts";

export const derivedKo: DerivedDictionary = {
  title: "웹용 이미지",
  placeholder: "플레이스홀더",
  colors: "색상",
  html: "HTML",
  renditions: "크기별 파일",
  published: "공개 주소",
  private: "로그인해야 열리는 주소입니다. 웹 페이지에 쓰려면 공개하세요.",
  duplicates: (count) => `비슷한 이미지 ${count}개`,
  noDuplicates: "내 이미지 중에 비슷한 것이 없습니다",
  duplicateOf: (bits) => (bits === 0 ? "똑같이 보입니다" : `64비트 중 ${bits}비트가 다릅니다`),
  openJob: "작업 열기",
  camera: "카메라와 위치",
  place: "위치",
  noExif: "파일에 카메라나 위치 정보가 없습니다.",
  hash: "지각 해시",
};
