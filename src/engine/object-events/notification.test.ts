import { describe, expect, test } from "vitest";
import { createdObjects } from "./notification.ts";
import { objectUrl, parseObjectUrl } from "./object-url.ts";

const record = (eventName: string, key: string, more: object = {}) => ({
  eventName,
  s3: { bucket: { name: "photos" }, object: { key, eTag: "abc", ...more } },
});
const photo = { bucket: "photos", key: "in/my photo.jpg", version: null, etag: "abc" };

describe("a notification", () => {
  test("of S3 names its objects, whose keys come as a form sends them", () => {
    const sent = record("ObjectCreated:Put", "in/my+photo.jpg");
    expect(createdObjects({ Records: [sent] })).toEqual([photo]);
    const versions = [record("ObjectCreated:Copy", "%ED%95%9C.jpg", { versionId: "v1" })];
    expect(createdObjects({ Records: versions })).toEqual([{ ...photo, key: "한.jpg", version: "v1" }]);
  });

  test("of a store like it says the same with a prefix", () => {
    const sent = record("s3:ObjectCreated:Put", "in%2Fmy+photo.jpg", { versionId: "null", eTag: '"abc"' });
    expect(createdObjects({ EventName: "s3:ObjectCreated:Put", Records: [sent] })).toEqual([photo]);
  });

  test("comes through SNS and EventBridge too", () => {
    const Message = JSON.stringify({ Records: [record("ObjectCreated:Put", "in/my+photo.jpg")] });
    expect(createdObjects({ Type: "Notification", Message })).toEqual([photo]);
    const detail = { bucket: { name: "photos" }, object: { key: "in/my photo.jpg", etag: "abc" } };
    expect(createdObjects({ "detail-type": "Object Created", detail })).toEqual([photo]);
  });

  test("of anything but a new object names none", () => {
    expect(createdObjects({ Records: [record("ObjectRemoved:Delete", "a.jpg")] })).toEqual([]);
    expect(createdObjects({ Event: "s3:TestEvent", Service: "Amazon S3" })).toEqual([]);
  });

  test.each([null, "hello", [], {}, { Records: 1 }, { Type: "Notification", Message: "hello" }])(
    "%j is none",
    (sent) => {
      expect(() => createdObjects(sent)).toThrow(expect.objectContaining({ code: "invalid_request" }));
    },
  );
});

test.each([
  photo,
  { ...photo, version: "v/1?&=", etag: null },
  { ...photo, key: "a//b/?#%20한.jpg", etag: null },
])("an object's URL leads back to it: %j", (place) => {
  expect(parseObjectUrl(objectUrl(place))).toEqual(place);
});
