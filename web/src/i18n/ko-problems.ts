import type { Words } from "./words.ts";

export const koProblems: Words = {
  network: {
    title: "서버가 응답하지 않았습니다",
    advice: "서버가 켜져 있고 연결되어 있는지 확인하세요. 선택한 내용은 그대로 남아 있습니다.",
  },
  unexpected: { title: "문제가 생겼습니다", advice: "다시 시도하고, 계속되면 서버 로그를 확인하세요." },
  unreadable_file: {
    title: "더 이상 읽을 수 없는 파일이 있습니다",
    advice: "선택한 뒤에 변경, 이동 또는 삭제되었습니다. 다시 선택하세요.",
  },
  invalid_request: { title: "서버가 요청을 이해하지 못했습니다" },
  unauthorized: { title: "먼저 로그인하세요" },
  forbidden: { title: "권한이 없습니다" },
  forbidden_origin: {
    title: "서버가 이 주소에서 온 요청을 거부합니다",
    advice: "서버가 시작할 때 알려 준 주소로 페이지를 여세요.",
  },
  not_found: { title: "찾을 수 없습니다", advice: "삭제되었을 수 있습니다." },
  job_ended: { title: "이미 끝난 작업입니다" },
  job_not_retryable: { title: "다시 시도할 것이 없는 작업입니다" },
  job_not_ended: { title: "아직 끝나지 않은 작업입니다" },
  gone: { title: "파일의 보관 기간이 지났습니다", advice: "원본을 다시 올려 작업을 반복하세요." },
  too_many_items: { title: "항목이 너무 많습니다", advice: "여러 작업으로 나누세요." },
  too_many_files: { title: "파일이 너무 많습니다", advice: "여러 작업으로 나누세요." },
  file_too_large: {
    title: "너무 큰 파일이 있습니다",
    advice: "그 파일을 제외하거나 용량을 줄인 뒤 다시 시도하세요.",
  },
  request_too_large: { title: "요청이 너무 큽니다" },
  unsupported_media: {
    title: "받을 수 없는 종류의 파일이 있습니다",
    advice: "파일은 이름이 아니라 내용으로 구분합니다. 그 파일을 빼고 보내세요.",
  },
  invalid_items: { title: "올바르지 않은 항목이 있습니다" },
  invalid_schedule: { title: "올바르지 않은 일정입니다" },
  email_unverified: { title: "먼저 보내 드린 메일의 링크를 열어 주세요" },
  weak_password: { title: "다른 비밀번호를 선택해 주세요" },
  invalid_link: { title: "더 이상 사용할 수 없는 링크입니다" },
  unknown_part: { title: "양식에 알 수 없는 필드가 있습니다" },
  invalid_options: { title: "올바르지 않은 옵션이 있습니다" },
  address_refused: {
    title: "사용할 수 없는 주소입니다",
    advice: "https:// 또는 http://로 시작하는 공개 주소여야 하고, 비밀번호가 들어 있으면 안 됩니다.",
  },
  fetch_failed: {
    title: "주소에서 파일을 가져오지 못했습니다",
    advice: "그 주소를 직접 열어 로그인 없이 파일이 보이는지 확인하세요.",
  },
  idempotency_mismatch: { title: "다른 내용으로 이미 보낸 요청입니다", advice: "다시 보내세요." },
  queue_full: {
    title: "서버가 바쁩니다: 대기열이 가득 찼습니다",
    advice: "선택한 내용은 그대로 남아 있습니다. 시간이 지나면 다시 보내세요.",
  },
  quota_exceeded: {
    title: "할당량을 모두 사용했습니다",
    advice:
      "작업이 끝나기를 기다리거나, 필요 없는 작업과 파일을 지우거나, 다른 탭을 닫은 뒤 다시 시도하세요.",
  },
  rate_limited: { title: "짧은 시간에 요청이 너무 많습니다", advice: "잠시 뒤에 계속하세요." },
  internal: {
    title: "서버에 문제가 생겼습니다",
    advice: "다시 시도하고, 계속되면 서버 로그를 확인하세요.",
  },
  unavailable: { title: "서버의 일부를 사용할 수 없습니다", advice: "잠시 뒤 다시 시도하세요." },
  storage_full: {
    title: "서버의 디스크가 가득 찼습니다",
    advice: "오래된 작업을 지우거나 공간을 늘린 뒤 다시 시도하세요.",
  },
  package_missing: {
    title: "서버에 선택 패키지가 없습니다",
    advice: "메시지에 적힌 패키지를 서버 운영자가 설치하면 됩니다.",
  },
  no_cdn: { title: "서버에 캐시를 비울 CDN이 설정되어 있지 않습니다" },
  publishing_off: {
    title: "서버가 파일을 공개하지 않습니다",
    advice: "공개하지 않고 다시 실행하거나, 운영자에게 MILLRACE_CDN_URL 설정을 요청하세요.",
  },
  undecodable_file: {
    title: "읽을 수 없는 이미지입니다",
    advice: "손상되었거나 잘렸거나 이름과 내용이 다릅니다.",
  },
  too_many_pixels: { title: "픽셀이 너무 많은 이미지입니다", advice: "크기를 줄여서 올리세요." },
  too_many_frames: {
    title: "프레임이 너무 많은 애니메이션입니다",
    advice: "애니메이션을 유지하지 않고 변환하거나, 더 짧게 줄여서 올리세요.",
  },
  too_many_pages: { title: "쪽이 너무 많은 문서입니다" },
  too_deep: { title: "작업의 중첩 단계가 너무 깊습니다" },
  step_failed: { title: "이 단계가 실패했습니다" },
  too_much_memory: { title: "메모리가 너무 많이 필요한 파일입니다", advice: "크기를 줄여서 올리세요." },
  step_timeout: { title: "너무 오래 걸려 중단했습니다" },
  worker_died: {
    title: "파일을 처리하던 프로세스가 여러 번 비정상 종료되었습니다",
    advice: "이 파일의 내용이 비정상 종료를 일으킵니다.",
  },
  parts_failed: { title: "이 단계에 필요한 부분이 실패했습니다" },
  too_many_parts: { title: "파일의 부분이 너무 많습니다" },
  items_failed: { title: "이 단계에 필요한 파일이 실패했습니다" },
};
