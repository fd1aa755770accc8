using System.Text;
using System.Text.Json;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Pipeline.Tests.Messages;

public sealed class MessageReaderTests
{
    [Fact]
    public void ReadImage_WrittenMessage_IsTheSame()
    {
        var message = new ImageMessage
        {
            Container = "images",
            Name = "a/ü +%#.png",
            Etag = "0x8D",
            Bytes = 12,
            JobId = "job",
            Options = new DetectionRequestOptions { ScoreThreshold = 0.1f, Model = "m" },
            Stamp = "s",
            Traceparent = "00-a-b-01",
        };
        var json = JsonSerializer.SerializeToUtf8Bytes(message, MessageJson.Default.ImageMessage);
        Assert.Equal(message, MessageReader.ReadImage(json));
        Assert.Contains("\"schemaVersion\":1", Encoding.UTF8.GetString(json));
    }

    [Fact]
    public void ReadBatch_WrittenMessage_IsTheSame()
    {
        var message = new BatchMessage
        {
            Batch = new BatchReference
            {
                BatchId = "b",
                Blob = "lists/b.ndjson",
                Offset = 3,
                Count = 4,
                JobId = "j",
                Page = 5,
                Results = "j/r",
                Force = true,
            },
            Attempt = 7,
        };
        Assert.Equal(message, MessageReader.ReadBatch(JsonSerializer.SerializeToUtf8Bytes(message, MessageJson.Default.BatchMessage)));
    }

    [Fact]
    public void ReadImage_QuotedEtag_LosesItsQuotes() => Assert.Equal(
        "0x8D",
        MessageReader.ReadImage(Encoding.UTF8.GetBytes("""{ "container": "images", "name": "a", "etag": "\"0x8D\"" }""")).Etag);

    [Theory]
    [InlineData("""{ "schemaVersion": 2, "somethingNew": true }""")]
    [InlineData("""{ "schemaVersion": "1", "container": "images", "name": "a" }""")]
    [InlineData("""{ "schemaVersion": 0, "container": "images", "name": "a" }""")]
    public void ReadImage_OtherVersion_IsRefusedByName(string json)
    {
        var exception = Assert.Throws<PipelineException>(() => MessageReader.ReadImage(Encoding.UTF8.GetBytes(json)));
        Assert.Equal(PipelineErrorCodes.UnsupportedVersion, exception.Code);
        Assert.StartsWith("ImageMessage: expected schema version 1", exception.Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("no json")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{ "container": "images" }""")]
    [InlineData("""{ "container": null, "name": "a" }""")]
    [InlineData("""{ "container": "images", "name": "" }""")]
    [InlineData("""{ "container": "No Container", "name": "a" }""")]
    [InlineData("""{ "container": "images", "name": "../detections/a" }""")]
    [InlineData("""{ "container": "images", "name": "a/./b" }""")]
    [InlineData("""{ "container": "images", "name": "a", "bytes": -1 }""")]
    [InlineData("""{ "container": "images", "name": "a", "options": { "scoreThreshold": 7 } }""")]
    [InlineData("""{ "container": "images", "name": "a", "options": { "maxDetections": 0 } }""")]
    public void ReadImage_NoMessage_IsRefused(string json) => Assert.Equal(
        PipelineErrorCodes.InvalidMessage,
        Assert.Throws<PipelineException>(() => MessageReader.ReadImage(Encoding.UTF8.GetBytes(json))).Code);

    [Theory]
    [InlineData("""{ "attempt": 1 }""")]
    [InlineData("""{ "batch": null }""")]
    [InlineData("""{ "batch": { "batchId": "b", "blob": "l", "count": 0 } }""")]
    [InlineData("""{ "batch": { "batchId": "", "blob": "l", "count": 1 } }""")]
    public void ReadBatch_NoMessage_IsRefused(string json) => Assert.Equal(
        PipelineErrorCodes.InvalidMessage,
        Assert.Throws<PipelineException>(() => MessageReader.ReadBatch(Encoding.UTF8.GetBytes(json))).Code);

    [Fact]
    public void ReadBatch_NewerReference_IsRefused() => Assert.Equal(
        PipelineErrorCodes.UnsupportedVersion,
        Assert.Throws<PipelineException>(() => MessageReader.ReadBatch(Encoding.UTF8.GetBytes(
            """{ "schemaVersion": 1, "batch": { "schemaVersion": 2, "batchId": "b", "blob": "l", "count": 1 } }"""))).Code);
}
