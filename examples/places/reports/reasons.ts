/** Why a report was not simply accepted, by stable code. The page has its own texts for the codes. */
export const reasons = {
  outside_country: "The place is not in the country.",
  user_quota: "You have reported as many places as one user may in 24 hours. Come back tomorrow.",
  cell_quota: "Very many places were reported around here today. A moderator looks at this one.",
  known_place: "The place is known already.",
  own_report: "You have reported this place before. Someone else must confirm it.",
  same_photo:
    "The photo shows what another report of this place shows. A second report needs a photo of its own, or none.",
  rejected_before: "A moderator has rejected this place.",
  bad_link: "The web address hides where it leads, or is one that spam uses.",
  contact_in_name: "A name must not hold a web address, a telephone number or an account of a messenger.",
  spam_words: "The text advertises something.",
  shouting: "The name is not a name: letters repeat, or symbols stand for letters.",
  unreadable_photo: "The photo cannot be read. Send a JPEG, PNG or WebP image.",
  confirmed: "A second report has confirmed the place.",
  first_report: "The place is shown when someone else reports it, too, or a moderator accepts it.",
} as const;

export type Reason = keyof typeof reasons;
