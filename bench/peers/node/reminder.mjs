// The reminder sender as a team with Node would write it: Powertools' batch and idempotency, SDK v3, https.
//
// For each record: claim it (a conditional write), read the message consistently, call the provider, note the outcome
// on the message under a condition, close the claim.
import https from "node:https";
import { BatchProcessor, EventType, processPartialResponse } from "@aws-lambda-powertools/batch";
import { IdempotencyConfig, makeIdempotent } from "@aws-lambda-powertools/idempotency";
import { DynamoDBPersistenceLayer } from "@aws-lambda-powertools/idempotency/dynamodb";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, GetCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { run } from "./loop.mjs";

const table = DynamoDBDocumentClient.from(new DynamoDBClient({}));
const agent = new https.Agent({ keepAlive: true });
const url = new URL(process.env.TWILIO_BASE_URL + "/2010-04-01/Accounts/AC1/Messages.json");
const proof = "Basic " + Buffer.from("AC1:a-token-of-the-bench").toString("base64");
const processor = new BatchProcessor(EventType.SQS);
const config = new IdempotencyConfig({ eventKeyJmesPath: "message" });
const persistenceStore = new DynamoDBPersistenceLayer({ tableName: "peer-claims" });

function post(fields) {
  const body = new URLSearchParams(fields).toString();
  const headers = { authorization: proof, "content-type": "application/x-www-form-urlencoded" };
  return new Promise((resolve, reject) => {
    const request = https.request(url, { method: "POST", agent, headers }, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("end", () => resolve({ status: answer.statusCode, body: Buffer.concat(parts).toString() }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

const send = makeIdempotent(
  async (job) => {
    const Key = { id: job.message };
    const { Item: message } = await table.send(
      new GetCommand({ TableName: "peer-messages", Key, ConsistentRead: true }),
    );
    if (message.status !== "QUEUED") return { status: message.status };
    const answer = await post({
      To: message.to, From: message.from, Body: message.text, StatusCallback: message.callback,
    });
    if (answer.status !== 201) throw new Error(`the provider answered ${answer.status}`);
    await table.send(
      new UpdateCommand({
        TableName: "peer-messages",
        Key,
        UpdateExpression: "SET #s = :sent, provider_id = :id",
        ConditionExpression: "#s = :queued",
        ExpressionAttributeNames: { "#s": "status" },
        ExpressionAttributeValues: { ":sent": "SENT", ":queued": "QUEUED", ":id": JSON.parse(answer.body).sid },
      }),
    );
    return { status: "SENT" };
  },
  { persistenceStore, config },
);

const handler = (event, context) => {
  config.registerLambdaContext(context);
  return processPartialResponse(event, (record) => send(JSON.parse(record.body)), processor, { context });
};

await run(handler);
