/** The receipt of a record that is durable. */
export interface AuditReceipt {
  readonly writer: string;
  readonly sequence: number;
  readonly hash: string;
}
