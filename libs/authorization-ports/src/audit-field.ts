import { ConfigurationError } from '@onbehalf/oauth-protocol';

/**
 * A member of audit records beside those that all have. This one declaration drives the column or the member of the JSON, the
 * filter of the operators' API, the export and the attribute in OpenTelemetry.
 */
export interface AuditField {
  /** In camelCase, as it stands in the record; in snake_case (`ticketNumber`: `ticket_number`) it is the filter and the attribute. */
  readonly name: string;
  /** What it tells. */
  readonly description: string;
  /** Whether records are searched by it; then its value is one text. */
  readonly searchable?: boolean;
  /**
   * The searchable field by which records are found for the values of this one, too; then its value is a list of texts. It is no filter
   * itself.
   */
  readonly foundBy?: string;
  /** Whether people see it of what was done on their behalf, and search by it where it is searchable. */
  readonly personal?: boolean;
}

/** How a field is called outside of records: as filter, column and attribute. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** @throws ConfigurationError when a field has no name that can be written both ways */
export function checkAuditField({ name }: AuditField): void {
  if (!/^[a-z][A-Za-z0-9]{0,39}$/.test(name)) {
    throw new ConfigurationError('audit field', name, 'a name in camelCase');
  }
}
