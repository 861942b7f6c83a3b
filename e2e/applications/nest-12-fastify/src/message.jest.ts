import { test } from '@jest/globals';
import { aMessageIsForItsSubject } from './message-is-for-its-subject.js';

test('a message is for its subject', aMessageIsForItsSubject);
