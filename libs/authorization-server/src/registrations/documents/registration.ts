import type { RegistrationKind } from '@onbehalf/authorization-ports';

/** A registration, wherever it stands. */
export interface Registration {
  readonly kind: RegistrationKind;
  readonly id: string;
  /** 0 for what is in the file only. */
  readonly version: number;
  readonly document: Readonly<Record<string, unknown>>;
}
