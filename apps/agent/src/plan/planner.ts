import { Injectable, Optional } from '@nestjs/common';
import { CalendarStep } from './calendar.step.js';
import { MessagesStep } from './messages.step.js';
import { OrdersStep } from './orders.step.js';
import type { Step } from './step.js';

/** Where others have a model: which steps answer a question. Only what stands here is ever done. */
@Injectable()
export class Planner {
  readonly #plans: Readonly<Record<string, readonly Step[]>>;

  /**
   * @param calendar absent where no calendar can be reached
   * @param orders absent where no other company can be reached
   */
  constructor(messages: MessagesStep, @Optional() calendar?: CalendarStep, @Optional() orders?: OrdersStep) {
    const days = calendar ? [calendar] : [];
    this.#plans = {
      'what is new': [messages, ...days],
      'any messages': [messages],
      ...(calendar && { 'any meetings': days }),
      ...(orders && { 'any orders': [orders] }),
    };
  }

  /** The questions that there is a plan for. */
  get questions(): readonly string[] {
    return Object.keys(this.#plans).map((question) => `${question}?`);
  }

  /** @returns `undefined` for a question that there is no plan for */
  planFor(question: string): readonly Step[] | undefined {
    const words = question
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, ' ')
      .trim();
    return Object.hasOwn(this.#plans, words) ? this.#plans[words] : undefined;
  }
}
