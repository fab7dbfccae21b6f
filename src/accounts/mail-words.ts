/** Texts of account emails. */
export const mailWords = {
  en: {
    notYou: "If this was not you, you can ignore this email.",
    verify: {
      subject: "Confirm your email address",
      text: "Open this link within a day to confirm your address:",
      label: "Confirm the address",
    },
    reset: {
      subject: "Set a new password",
      text: "Open this link within an hour to set a new password:",
      label: "Set a new password",
    },
    registered: {
      subject: "You already have an account",
      text: "Someone tried to create an account with your address, which already has one. If it was you, log in here, or ask for a new password:",
      label: "Log in",
    },
    invite: {
      subject: "You are invited",
      text: "Open this link within a week to create your account:",
      label: "Create your account",
    },
  },
  ko: {
    notYou: "본인이 요청하지 않았다면 이 메일을 무시하셔도 됩니다.",
    verify: {
      subject: "이메일 주소를 확인해 주세요",
      text: "하루 안에 아래 링크를 열어 주소를 확인해 주세요.",
      label: "주소 확인",
    },
    reset: {
      subject: "새 비밀번호 설정",
      text: "한 시간 안에 아래 링크를 열어 새 비밀번호를 설정해 주세요.",
      label: "새 비밀번호 설정",
    },
    registered: {
      subject: "이미 계정이 있습니다",
      text: "누군가 이 주소로 계정을 만들려고 했지만 이미 가입된 주소입니다. 본인이라면 아래에서 로그인하거나 비밀번호를 다시 설정해 주세요.",
      label: "로그인",
    },
    invite: {
      subject: "초대장이 도착했습니다",
      text: "일주일 안에 아래 링크를 열어 계정을 만들어 주세요.",
      label: "계정 만들기",
    },
  },
} as const;
