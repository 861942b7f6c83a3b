import { ApiProperty } from '@nestjs/swagger';

/** Something that a user has ordered. */
export class Order {
  @ApiProperty({ example: '1001' })
  number!: string;

  @ApiProperty({ example: 'a book about tokens' })
  item!: string;
}

const ORDERS: ReadonlyMap<string, readonly Order[]> = new Map([
  [
    'b.aeldung',
    [
      { number: '1001', item: 'a book about tokens' },
      { number: '1002', item: 'a key ring' },
    ],
  ],
]);

/** The orders of a user, by the name that the user has here. */
export function ordersOf(user: string): readonly Order[] {
  return ORDERS.get(user) ?? [];
}
