import type { FileView } from "../api/contract.ts";
import PdfPreview from "../outputs/pdf-preview.tsx";
import { classes } from "../ui/classes.ts";
import type { LabeledQuestion, Questions } from "./questions.ts";

interface Props {
  file: FileView;
  questions: readonly LabeledQuestion[];
  pages: Questions["pages"];
  active: number | null;
  onActive(index: number): void;
}

/** Pages with a frame around each question. */
export default function QuestionPages({ file, questions, pages, active, onActive }: Props) {
  const overlay = (number: number) => {
    const size = pages.find(({ page }) => page === number);
    return (
      size &&
      questions.flatMap((question, index) =>
        question.boxes
          .filter(({ page }) => page === number)
          .map(({ x, y, width, height }) => (
            <div
              key={`${question.type} ${question.number} ${x} ${y}`}
              aria-hidden="true"
              onMouseEnter={() => onActive(index)}
              className={classes(
                "absolute rounded border-2",
                active === index ? "border-accent bg-accent/15" : "border-accent/30",
              )}
              style={{
                left: `${(100 * x) / size.width}%`,
                top: `${(100 * y) / size.height}%`,
                width: `${(100 * width) / size.width}%`,
                height: `${(100 * height) / size.height}%`,
              }}
            />
          )),
      )
    );
  };
  return <PdfPreview file={file} overlay={overlay} />;
}
