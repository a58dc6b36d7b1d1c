// The Lambda Runtime API's loop, without the parts of the real client that would only add to what is measured.
import http from "node:http";

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host, port, method, agent, path: `/2018-06-01/runtime/invocation/${path}` }, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("end", () => resolve({ headers: answer.headers, body: Buffer.concat(parts).toString() }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

export async function run(handler) {
  for (;;) {
    const { headers, body } = await call("GET", "next");
    const id = headers["lambda-runtime-aws-request-id"];
    const context = {
      functionName: "bench",
      awsRequestId: id,
      invokedFunctionArn: "arn:aws:lambda:us-east-1:000000000000:function:bench",
      getRemainingTimeInMillis: () => 60000,
    };
    await call("POST", `${id}/response`, JSON.stringify(await handler(JSON.parse(body), context)));
  }
}
