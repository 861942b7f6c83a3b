import { Body, Controller, Header, HttpCode, HttpException, Post } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiProperty, ApiResponse } from '@nestjs/swagger';
import type { VerifiedAccessToken } from '@onbehalf/jwt-verification';
import { AccessToken, NotImpersonated, Scopes } from '@onbehalf/resource-server';
import { z } from 'zod';
import { Planner } from '../plan/planner.js';
import { runStep, type Outcome } from '../plan/step.js';

const asked = z.strictObject({ question: z.string().min(1).max(200) });

class Question {
  @ApiProperty({ example: 'what is new?', maxLength: 200 })
  question!: string;
}

class Answer {
  @ApiProperty({ description: 'What there is to say, in one line for each step', type: [String] })
  answer!: readonly string[];

  @ApiProperty({ description: 'What the agent did, and what it was refused', type: 'array', items: {} })
  steps!: readonly Outcome[];

  @ApiProperty({
    description: 'The token that the agent was asked with, by its claims',
    type: 'object',
    additionalProperties: true,
  })
  token!: Readonly<Record<string, unknown>>;
}

/** Answers questions, on behalf of whoever asks. */
@Controller('ask')
export class QuestionController {
  constructor(private readonly planner: Planner) {}

  @Post()
  @HttpCode(200)
  @Scopes('assistant.ask')
  @NotImpersonated()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Answers a question by looking things up on the user’s behalf' })
  @ApiBody({ type: Question })
  @ApiOkResponse({ type: Answer })
  @ApiResponse({ status: 400, description: 'No question, or one that there is no plan for' })
  @ApiResponse({ status: 502, description: 'A service that is needed refused, or failed (application/problem+json)' })
  @ApiResponse({ status: 503, description: 'The authorization server cannot be reached' })
  async ask(@Body() body: unknown, @AccessToken() { claims }: VerifiedAccessToken): Promise<Answer> {
    const { data } = asked.safeParse(body);
    if (!data) throw refused('a JSON object with a question of at most 200 characters is expected');
    const plan = this.planner.planFor(data.question);
    if (!plan) throw refused(`there is a plan for: ${this.planner.questions.join(' ')}`);
    const steps: Outcome[] = [];
    for (const step of plan) steps.push(await runStep(step));
    return { answer: steps.map(lineOf), steps, token: claims };
  }
}

function lineOf(step: Outcome): string {
  if (step.outcome === 'done') return `${step.about}: ${step.text}`;
  if (step.outcome === 'not-allowed') return `${step.about}: I may not look (${step.error}).`;
  return `${step.about}: I need you to allow it first, at ${step.interaction_uri}`;
}

function refused(description: string): HttpException {
  return new HttpException({ error: 'invalid_request', error_description: description }, 400);
}
