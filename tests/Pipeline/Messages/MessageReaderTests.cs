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
    [InlineData("""{ "container": "images\n", "name": "a" }""")]
    [InlineData("""{ "container": "images", "name": "a\u0001b" }""")]
    [InlineData("""{ "container": "images", "name": "a\u0000b" }""")]
    [InlineData("""{ "container": "images", "name": "a\uffffb" }""")]
    [InlineData("""{ "container": "images", "name": "a\ud800b" }""")]
    [InlineData("""{ "container": "images", "name": "a\\..\\b" }""")]
    [InlineData("""{ "container": "images", "name": "a", "etag": "*" }""")]
    [InlineData("""{ "container": "images", "name": "a", "etag": "*\"\r\nX: y" }""")]
    [InlineData("""{ "container": "images", "name": "a", "etag": "0x8 D" }""")]
    [InlineData("""{ "container": "images", "name": "a", "jobId": "../x" }""")]
    [InlineData("""{ "container": "images", "name": "a", "jobId": "x\n" }""")]
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
    [InlineData("""{ "batch": { "batchId": "../b", "blob": "l", "count": 1 } }""")]
    [InlineData("""{ "batch": { "batchId": "b", "blob": "lists/../x", "count": 1 } }""")]
    [InlineData("""{ "batch": { "batchId": "b", "blob": "l", "count": 1, "jobId": "../j" } }""")]
    [InlineData("""{ "batch": { "batchId": "b", "blob": "l", "count": 1, "results": "../r" } }""")]
    [InlineData("""{ "batch": { "batchId": "b", "blob": "l", "count": 1, "page": -1 } }""")]
    public void ReadBatch_NoMessage_IsRefused(string json) => Assert.Equal(
        PipelineErrorCodes.InvalidMessage,
        Assert.Throws<PipelineException>(() => MessageReader.ReadBatch(Encoding.UTF8.GetBytes(json))).Code);

    [Fact]
    public void ReadImage_NameOfControlCharacters_IsShownAsCodes()
    {
        var json = $$"""{ "container": "images", "name": "a\r\n\u0001{{new string('x', 1500)}}" }""";
        Assert.Contains("1 to 1024 characters, found", Refusal(json), StringComparison.Ordinal);

        // No line of a log, and no end of one.
        var message = Refusal("""{ "container": "images", "name": "a\r\n\u0001" }""");
        Assert.Contains("U+0001 in 'a\\u000d\\u000a\\u0001'", message, StringComparison.Ordinal);

        static string Refusal(string json) =>
            Assert.Throws<PipelineException>(() => MessageReader.ReadImage(Encoding.UTF8.GetBytes(json))).Message;
    }

    [Fact]
    public void ReadImage_UnusualNameThatStorageKeeps_IsTaken()
    {
        const string name = "Grüße/a\n\t b\u007f😀//..c/.";
        var json = JsonSerializer.SerializeToUtf8Bytes(
            new ImageMessage { Container = "images", Name = name + "x" }, MessageJson.Default.ImageMessage);
        Assert.Equal(name + "x", MessageReader.ReadImage(json).Name);
    }

    [Fact]
    public void ReadLine_NoImage_KeepsWhatItNames()
    {
        var image = MessageReader.ReadLine("""{ "container": "images", "name": "a", "etag": "*" }"""u8.ToArray(), isLastReader: false);
        Assert.Equal(("images", "a", null), (image.Container, image.Name, image.Etag));
        Assert.Contains("expected an ETag", image.Problem, StringComparison.Ordinal);

        image = MessageReader.ReadLine("no json"u8.ToArray(), isLastReader: false);
        Assert.Equal((string.Empty, string.Empty), (image.Container, image.Name));
        Assert.NotEmpty(image.Problem!);
        Assert.DoesNotContain("problem", JsonSerializer.Serialize(image, MessageJson.Default.ImageMessage), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void ReadLine_NewerVersion_IsLeftToANewerReader()
    {
        var line = """{ "schemaVersion": 2, "container": "images", "name": "a" }"""u8.ToArray();
        Assert.Throws<PipelineException>(() => MessageReader.ReadLine(line, isLastReader: false));
        Assert.Contains("found 2", MessageReader.ReadLine(line, isLastReader: true).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadBatch_NewerReference_IsRefused() => Assert.Equal(
        PipelineErrorCodes.UnsupportedVersion,
        Assert.Throws<PipelineException>(() => MessageReader.ReadBatch(Encoding.UTF8.GetBytes(
            """{ "schemaVersion": 1, "batch": { "schemaVersion": 2, "batchId": "b", "blob": "l", "count": 1 } }"""))).Code);
}
