// Decides as IAM does what roles may do: reads a question from standard input and writes the answer to standard output.
//
// The question: {"roles": {role: [statements]}, "guards": {ARN: resource policy}, "calls": [{"function", "action", "resource", "context"}], "used": number}.
// The answer: {"verdicts": [one per call: "Allowed", "ImplicitlyDenied" or "ExplicitlyDenied"],
//   "spare": [what could be taken out of a role and still none of its first `used` calls were denied]}.
// Whatever the evaluator cannot judge, or leaves out of its judgement, ends the program with an error.

import { readFileSync } from 'node:fs'
import { runSimulation } from '@cloud-copilot/iam-simulate'

const ACCOUNT = '000000000000'
const { roles, guards, calls, used } = JSON.parse(readFileSync(0, 'utf8'))

async function decide (statements, { function: role, action, resource, context }) {
  const [, guard] = Object.entries(guards).find(([arn]) => resource.startsWith(arn)) ?? []
  const result = await runSimulation({
    request: {
      principal: `arn:aws:iam::${ACCOUNT}:role/${role}`,
      action,
      resource: { resource, accountId: ACCOUNT },
      contextVariables: context
    },
    identityPolicies: [{ name: role, policy: { Version: '2012-10-17', Statement: statements } }],
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    resourcePolicy: guard
  }, {})
  const judged = result.resultType === 'single' ? [result.result] : result.results
  const left = judged?.flatMap((one) => one.ignoredContextKeys ?? []) ?? []
  if (judged === undefined || left.length > 0) {
    throw new Error(`${action} on ${resource}: cannot be judged: ${JSON.stringify(result.errors ?? left)}`)
  }
  return result.overallResult
}

const list = (value) => value === undefined ? [] : [value].flat()

// The values that conditions list to allow them, each on its own; a statement that lists none is one piece.
function conditions (statement) {
  const allowing = Object.entries(statement.Condition ?? {}).filter(([operator]) => !operator.includes('Not'))
  const listed = allowing.flatMap(([operator, keys]) =>
    Object.entries(keys).filter(([, values]) => Array.isArray(values))
      .flatMap(([key, values]) => values.map((value) => ({ operator, key, value }))))
  return listed.length > 0 ? listed : [undefined]
}

// The statement without one action on one resource, or without it under one value of a condition.
function without (statement, action, resource, condition) {
  const other = (values, one) => list(values).filter((value) => value !== one)
  const parts = [
    { ...statement, Action: other(statement.Action, action) },
    { ...statement, Action: [action], Resource: other(statement.Resource, resource) }
  ]
  if (condition !== undefined) {
    const { operator, key, value } = condition
    const left = other(statement.Condition[operator][key], value)
    if (left.length > 0) {
      const Condition = structuredClone(statement.Condition)
      Condition[operator][key] = left
      parts.push({ ...statement, Action: [action], Resource: [resource], Condition })
    }
  }
  return parts.filter((part) => part.Action.length > 0 && list(part.Resource).length > 0)
    .map((part, number) => ({ ...part, Sid: `${statement.Sid}${number}` }))
}

async function isSpare (role, statement, action, resource, condition) {
  const statements = roles[role].flatMap((one) =>
    one === statement ? without(statement, action, resource, condition) : [one])
  for (const call of calls.slice(0, used)) {
    if (call.function === role && call.action === action && await decide(statements, call) !== 'Allowed') {
      return false
    }
  }
  return true
}

const verdicts = []
for (const call of calls) {
  verdicts.push(await decide(roles[call.function] ?? [], call))
}
const spare = []
for (const [role, statements] of Object.entries(roles)) {
  for (const statement of statements.filter(({ Effect }) => Effect === 'Allow')) {
    for (const action of list(statement.Action)) {
      for (const resource of list(statement.Resource)) {
        for (const condition of conditions(statement)) {
          if (await isSpare(role, statement, action, resource, condition)) {
            spare.push([role, statement.Sid, action, resource, condition?.value ?? ''].join(' '))
          }
        }
      }
    }
  }
}
process.stdout.write(JSON.stringify({ verdicts, spare }))
