#!/usr/bin/env node
import '../dist/commands/explain.js';
