using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Tests.Messages;

public sealed class EventParserTests
{
    private const string Account = "https://photos.blob.core.windows.net";

    private static readonly EventParser s_parser =
        Create("DefaultEndpointsProtocol=https;AccountName=photos;AccountKey=AAAA;EndpointSuffix=core.windows.net");

    private static readonly EventParser s_emulator = Create("UseDevelopmentStorage=true");

    [Theory]
    [InlineData("a.jpg", "a.jpg")]
    [InlineData("cam 1/a b.jpg", "cam%201/a%20b.jpg")]
    [InlineData("Grüße/日本.jpg", "Gr%C3%BC%C3%9Fe/%E6%97%A5%E6%9C%AC.jpg")]
    [InlineData("a+b.jpg", "a+b.jpg")]
    [InlineData("a+b.jpg", "a%2Bb.jpg")]
    [InlineData("100%.jpg", "100%25.jpg")]
    [InlineData("a%20b.jpg", "a%2520b.jpg")]
    [InlineData("a#b?c.jpg", "a%23b%3Fc.jpg")]
    [InlineData("a b#c.jpg", "a b#c.jpg")]
    [InlineData("a//b/.jpg", "a//b/.jpg")]
    public void Parse_NameInUrl_IsDecodedOnce(string name, string encoded)
    {
        foreach (var json in new[] { EventGrid(encoded, name), CloudEvent(encoded, name) })
        {
            var message = Assert.Single(s_parser.Parse(Bytes(json))).Message;
            Assert.Equal(("images", name, "0x8D4BCC2E4835CD0", 524288L), (message!.Container, message.Name, message.Etag, message.Bytes));
            Assert.Equal("831e1650-001e-001b-66ab-eeb76e069631", message.Stamp);
        }
    }

    [Fact]
    public void Parse_CloudEvent_CarriesItsTrace()
    {
        var json = CloudEvent("a.jpg", "a.jpg");
        json["traceparent"] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        Assert.Equal("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", Assert.Single(s_parser.Parse(Bytes(json))).Message!.Traceparent);
    }

    [Theory]
    [InlineData("2026-01-31T12:00:00Z", true)]
    [InlineData("2026-01-31T13:00:00.0000000+01:00", true)]
    [InlineData("2026-01-31T12:00:00", true)]
    [InlineData("yesterday", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void Parse_TimeOfAnEvent_IsWhenItCameAbout(string? text, bool isTime)
    {
        var (grid, cloud) = (EventGrid("a.jpg", "a.jpg"), CloudEvent("a.jpg", "a.jpg"));
        (grid["eventTime"], cloud["time"]) = (text, text);
        DateTimeOffset? expected = isTime ? new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero) : null;

        Assert.All([grid, cloud], json => Assert.Equal((expected, true), Raised(Assert.Single(s_parser.Parse(Bytes(json))))));

        static (DateTimeOffset? Raised, bool IsAccepted) Raised(ParsedEvent outcome) => (outcome.RaisedUtc, outcome.IsAccepted);
    }

    [Fact]
    public void Parse_Array_GivesOneOutcomeEach()
    {
        var other = EventGrid("b.jpg", "b.jpg");
        other["eventType"] = "Microsoft.Storage.BlobDeleted";
        var events = s_parser.Parse(Bytes(new JsonArray(EventGrid("a.jpg", "a.jpg"), other, CloudEvent("c.jpg", "c.jpg"), 5)));
        Assert.Equal(["a.jpg", null, "c.jpg", null], events.Select(outcome => outcome.Message?.Name));
        Assert.Equal([null, ParsedEvent.OtherType, null, ParsedEvent.NotAnEvent], events.Select(outcome => outcome.Refusal));
        Assert.Equal(
            "Expected Microsoft.Storage.BlobCreated or Microsoft.Storage.BlobRenamed, found Microsoft.Storage.BlobDeleted.", events[1].Reason);
    }

    [Theory]
    [InlineData("https://others.blob.core.windows.net/images/a.jpg", ParsedEvent.OtherAccount)]
    [InlineData("https://photos2.blob.core.windows.net/images/a.jpg", ParsedEvent.OtherAccount)]
    [InlineData("https://evil.example/photos.blob.core.windows.net/images/a.jpg", ParsedEvent.OtherAccount)]
    [InlineData("https://photos.table.core.windows.net/images/a.jpg", ParsedEvent.OtherAccount)]
    [InlineData("images/a.jpg", ParsedEvent.OtherAccount)]
    [InlineData($"{Account}/detections/a.jpg", ParsedEvent.OtherContainer)]
    [InlineData($"{Account}/images2/a.jpg", ParsedEvent.OtherContainer)]
    [InlineData($"{Account}/images/..%2Fdetections/a.jpg", ParsedEvent.NotAnEvent)]
    [InlineData($"{Account}/images/../detections/a.jpg", ParsedEvent.NotAnEvent)]
    public void Parse_OtherPlace_IsRefused(string url, string code)
    {
        var json = EventGrid("a.jpg", "a.jpg");
        json["data"]!["url"] = url;
        var outcome = Assert.Single(s_parser.Parse(Bytes(json)));
        Assert.False(outcome.IsAccepted);
        Assert.Equal(code, outcome.Refusal);
        Assert.NotEmpty(outcome.Reason!);
    }

    [Fact]
    public void Parse_SignatureInUrl_IsNotRepeated()
    {
        var json = EventGrid("a.jpg", "a.jpg");
        json["data"]!["url"] = "https://others.blob.core.windows.net/images/a.jpg?sv=1&sig=secret";
        Assert.DoesNotContain("secret", Assert.Single(s_parser.Parse(Bytes(json))).Reason);

        json["data"]!["url"] = $"{Account}/images/a.jpg?sv=1&sig=secret";
        Assert.Equal("a.jpg", Assert.Single(s_parser.Parse(Bytes(json))).Message!.Name);
    }

    [Theory]
    [InlineData("https://photos.dfs.core.windows.net/images/a.jpg")]
    [InlineData("https://PHOTOS.blob.core.windows.net/images/a.jpg")]
    [InlineData("https://photos.z01.blob.storage.azure.net/images/a.jpg")]
    public void Parse_OtherNameOfTheAccount_IsAccepted(string url)
    {
        var json = EventGrid("a.jpg", "a.jpg");
        json["data"]!["url"] = url;
        Assert.True(Assert.Single(s_parser.Parse(Bytes(json))).IsAccepted);
    }

    [Theory]
    [InlineData("http://127.0.0.1:10000/devstoreaccount1/images/a%20b.jpg", true)]
    [InlineData("http://localhost:10000/devstoreaccount1/images/a%20b.jpg", true)]
    [InlineData("http://127.0.0.1:10009/devstoreaccount1/images/a%20b.jpg", false)]
    [InlineData("http://127.0.0.1:10000/otheraccount/images/a%20b.jpg", false)]
    public void Parse_Emulator_TakesTheAccountFromThePath(string url, bool isAccepted)
    {
        var json = EventGrid("a.jpg", "a b.jpg");
        json["data"]!["url"] = url;
        var outcome = Assert.Single(s_emulator.Parse(Bytes(json)));
        Assert.Equal(isAccepted, outcome.IsAccepted);
        Assert.Equal(isAccepted ? "a b.jpg" : null, outcome.Message?.Name);
    }

    [Theory]
    [InlineData("CreateFile")]
    [InlineData("AppendBlock")]
    public void Parse_OperationThatLeavesNoCompleteBlob_IsRefused(string operation)
    {
        var json = EventGrid("a.jpg", "a.jpg");
        json["data"]!["api"] = operation;
        Assert.Equal(ParsedEvent.OtherType, Assert.Single(s_parser.Parse(Bytes(json))).Refusal);
    }

    [Fact]
    public void Parse_ContainerAndName_IsAccepted()
    {
        var message = Assert.Single(s_parser.Parse(
            """{ "container": "images", "name": "a+b %20.jpg", "etag": "\"0x1\"", "options": { "scoreThreshold": 0.5 } }"""u8.ToArray())).Message!;
        Assert.Equal(("images", "a+b %20.jpg", "0x1", 0.5f), (message.Container, message.Name, message.Etag, message.Options!.ScoreThreshold));
        Assert.Null(message.Stamp);
    }

    [Fact]
    public void Parse_ContainerAndNameTwice_AreTwoRequests()
    {
        var json = """{ "container": "images", "name": "a.jpg" }"""u8.ToArray();
        Assert.NotEqual(s_parser.Parse(json)[0].Message!.Stamp, s_parser.Parse(json)[0].Message!.Stamp);
        var named = """{ "container": "images", "name": "a.jpg", "id": "mine" }"""u8.ToArray();
        Assert.Equal("mine", s_parser.Parse(named)[0].Message!.Stamp);
    }

    [Theory]
    [InlineData("")]
    [InlineData("hello")]
    [InlineData("{}")]
    [InlineData("\"text\"")]
    [InlineData("""{ "container": "images" }""")]
    [InlineData("""{ "container": "images", "name": 5 }""")]
    [InlineData("""{ "container": "images", "name": "a", "options": { "scoreThreshold": 5 } }""")]
    [InlineData("""{ "container": "images", "name": "a", "options": 5 }""")]
    [InlineData("""{ "container": "images", "name": "a", "options": { "score": 0.9 } }""")]
    [InlineData("""{ "container": "images", "name": "a", "options": { "maxDetections": "7" } }""")]
    [InlineData("""{ "container": "images", "name": "a", "etag": "*\"\r\nX: y" }""")]
    [InlineData("""{ "container": "images", "name": "a\ud800" }""")]
    [InlineData("""{ "container": "images", "name": "a\u0001" }""")]
    [InlineData("""{ "eventType": "Microsoft.Storage.BlobRenamed", "data": { "url": "https://photos.blob.core.windows.net/images/a" } }""")]
    [InlineData("""{ "eventType": "Microsoft.Storage.BlobCreated" }""")]
    [InlineData("""{ "eventType": "Microsoft.Storage.BlobCreated", "data": { "url": 5 } }""")]
    public void Parse_NoEvent_IsARefusalAndNoException(string body) =>
        Assert.Equal(ParsedEvent.NotAnEvent, Assert.Single(s_parser.Parse(Encoding.UTF8.GetBytes(body))).Refusal);

    [Fact]
    public void Parse_BadEventsOfAnArray_SpareTheOthers()
    {
        var events = s_parser.Parse("""
            [
              { "container": "images", "name": "a.jpg" },
              { "container": "images", "name": "\ud800" },
              { "\ud800": 1, "container": "images", "name": "x" },
              { "schemaVersion": 2, "container": "images", "name": "b.jpg" },
              { "container": "images", "name": "b.jpg", "etag": "a\"b" },
              { "container": "images", "name": "c.jpg" }
            ]
            """u8.ToArray());
        Assert.Equal(["a.jpg", "c.jpg"], [events[0].Message!.Name, events[^1].Message!.Name]);
        Assert.Equal(6, events.Count);
        Assert.Equal([ParsedEvent.NotAnEvent, ParsedEvent.UnsupportedVersion, ParsedEvent.NotAnEvent],
            [events[1].Refusal, events[3].Refusal, events[4].Refusal]);
        Assert.True(events[3].IsUnreadable);
        Assert.Contains("expected schema version 1, found 2", events[3].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_Base64_IsTaken() => Assert.True(Assert.Single(s_parser.Parse(Encoding.UTF8.GetBytes(
        Convert.ToBase64String(Bytes(EventGrid("a.jpg", "a.jpg")))))).IsAccepted);

    [Theory]
    [InlineData("RenameFile")]
    [InlineData("SftpRename")]
    public void Parse_Rename_IsAboutItsDestination(string operation)
    {
        var json = CloudEvent("x", "day=1/a b.jpg");
        json["type"] = "Microsoft.Storage.BlobRenamed";
        json["data"] = new JsonObject
        {
            ["api"] = operation,
            ["sourceUrl"] = "https://photos.dfs.core.windows.net/images/_temporary/0/a%20b.jpg",
            ["destinationUrl"] = "https://photos.dfs.core.windows.net/images/day%3D1/a%20b.jpg",
        };
        var message = Assert.Single(s_parser.Parse(Bytes(json))).Message!;
        Assert.Equal(("images", "day=1/a b.jpg", null, null), (message.Container, message.Name, message.Etag, message.Bytes));
        Assert.NotEmpty(message.Stamp!);
    }

    [Fact]
    public void Parse_FlushThroughTheDataLakeEndpoint_IsTheBlob()
    {
        var json = EventGrid("x", "cam 1/2026/a.jpg");
        json["data"]!["api"] = "FlushWithClose";
        json["data"]!["url"] = "https://photos.dfs.core.windows.net/images/cam%201/2026/a.jpg";
        Assert.Equal("cam 1/2026/a.jpg", Assert.Single(s_parser.Parse(Bytes(json))).Message!.Name);
    }

    [Theory]
    [InlineData("folder/", 0, ParsedEvent.FolderMarker)]
    [InlineData("folder/", 1, null)]
    [InlineData("empty.jpg", 0, null)]
    public void Parse_EmptyBlobThatEndsWithASlash_IsAFolder(string name, int bytes, string? refusal)
    {
        var json = EventGrid(name, name);
        json["data"]!["contentLength"] = bytes;
        var outcome = Assert.Single(s_parser.Parse(Bytes(json)));
        Assert.Equal((refusal, false), (outcome.Refusal, outcome.IsUnreadable));
    }

    [Fact]
    public void Parse_EmptyArray_GivesNothing() => Assert.Empty(s_parser.Parse("[]"u8.ToArray()));

    private static EventParser Create(string connection)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["AzureWebJobsStorage"] = connection })
            .Build();
        var options = Options.Create(new StorageOptions());
        return new EventParser(new StorageClients(configuration, options), options);
    }

    private static byte[] Bytes(JsonNode json) => JsonSerializer.SerializeToUtf8Bytes(json);

    private static JsonObject Data(string encoded) => new()
    {
        ["api"] = "PutBlob",
        ["contentType"] = "image/jpeg",
        ["contentLength"] = 524288,
        ["blobType"] = "BlockBlob",
        ["eTag"] = "0x8D4BCC2E4835CD0",
        ["url"] = $"{Account}/images/{encoded}",
    };

    private static JsonObject EventGrid(string encoded, string name) => new()
    {
        ["topic"] = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/photos",
        ["subject"] = $"/blobServices/default/containers/images/blobs/{name}",
        ["eventType"] = "Microsoft.Storage.BlobCreated",
        ["id"] = "831e1650-001e-001b-66ab-eeb76e069631",
        ["data"] = Data(encoded),
        ["dataVersion"] = "",
        ["metadataVersion"] = "1",
    };

    private static JsonObject CloudEvent(string encoded, string name) => new()
    {
        ["specversion"] = "1.0",
        ["source"] = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/photos",
        ["subject"] = $"/blobServices/default/containers/images/blobs/{name}",
        ["type"] = "Microsoft.Storage.BlobCreated",
        ["id"] = "831e1650-001e-001b-66ab-eeb76e069631",
        ["data"] = Data(encoded),
    };
}
