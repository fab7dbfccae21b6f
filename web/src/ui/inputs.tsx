import type { InputHTMLAttributes, SelectHTMLAttributes } from "react";
import { classes } from "./classes.ts";
import { Icon } from "./icons.tsx";

export function TextInput({ className, ...rest }: InputHTMLAttributes<HTMLInputElement>) {
  return <input type="text" autoComplete="off" className={classes("control", className)} {...rest} />;
}

type NumberProps = Omit<InputHTMLAttributes<HTMLInputElement>, "value" | "onChange"> & {
  value: number | null;
  onChange(value: number | null): void;
  unit?: string;
};

/** An empty input means "not set". */
export function NumberInput({ value, onChange, unit, className, ...rest }: NumberProps) {
  return (
    <span className="relative block">
      <input
        type="number"
        inputMode="decimal"
        className={classes("control tabular-nums", unit && "pr-9", className)}
        value={value ?? ""}
        onChange={(event) => onChange(event.target.value === "" ? null : event.target.valueAsNumber)}
        {...rest}
      />
      {unit && (
        <span
          aria-hidden="true"
          className="pointer-events-none absolute inset-y-0 right-3 flex items-center text-xs text-faint"
        >
          {unit}
        </span>
      )}
    </span>
  );
}

export function Select({ className, children, ...rest }: SelectHTMLAttributes<HTMLSelectElement>) {
  return (
    <span className="relative block">
      <select className={classes("control appearance-none pr-9", className)} {...rest}>
        {children}
      </select>
      <Icon
        name="chevron"
        className="pointer-events-none absolute top-1/2 right-3 size-4 -translate-y-1/2 text-faint"
      />
    </span>
  );
}

type SliderProps = Omit<InputHTMLAttributes<HTMLInputElement>, "value" | "onChange"> & {
  value: number;
  min: number;
  max: number;
  onChange(value: number): void;
};

export function Slider({ value, min, max, onChange, ...rest }: SliderProps) {
  const at = `${((value - min) / (max - min)) * 100}%`;
  return (
    <input
      type="range"
      className="slider"
      min={min}
      max={max}
      value={value}
      onChange={(event) => onChange(event.target.valueAsNumber)}
      style={{ "--at": at } as React.CSSProperties}
      {...rest}
    />
  );
}

interface SwitchProps {
  label: string;
  hint?: string;
  checked: boolean;
  onChange(checked: boolean): void;
}

export function Switch({ label, hint, checked, onChange }: SwitchProps) {
  return (
    <label className="relative flex items-start justify-between gap-4 rounded-lg py-1">
      <span className="min-w-0">
        <span className="block text-[0.8125rem] font-medium">{label}</span>
        {hint && <span className="block text-xs leading-relaxed text-faint">{hint}</span>}
      </span>
      <input
        type="checkbox"
        role="switch"
        checked={checked}
        aria-checked={checked}
        onChange={(event) => onChange(event.target.checked)}
        className="peer sr-only"
      />
      <span
        aria-hidden="true"
        className={classes(
          "relative mt-0.5 h-6 w-10 shrink-0 rounded-full bg-edge transition-colors peer-checked:bg-accent",
          "after:absolute after:top-0.5 after:left-0.5 after:size-5 after:rounded-full after:bg-surface after:shadow",
          "after:transition-transform peer-checked:after:translate-x-4",
          "peer-focus-visible:outline-2 peer-focus-visible:outline-offset-2 peer-focus-visible:outline-accent",
        )}
      />
    </label>
  );
}
