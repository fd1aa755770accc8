using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Json.Schema;
using Nanodet.Serverless.Browser.Tests.Browsing;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;
using Nanodet.Serverless.Pipeline.Jobs;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Viewer;

namespace Nanodet.Serverless.Browser.Tests;

/// <summary>The description of the API against the running app: what is written answers so, and what answers is written.</summary>
[Collection("One page at a time")]
public sealed partial class ApiDocumentTests(RunningApp app)
{
    private static readonly HttpClient Http = new(new HttpClientHandler { AllowAutoRedirect = false });

    private static readonly JsonObject Document = JsonNode.Parse(OpenApiDocument.Utf8Json.Span)!.AsObject();

    [Fact]
    public void Routes_OfTheDocument_AreThoseOfTheApp()
    {
        using var metadata = JsonDocument.Parse(File.ReadAllText(Path.Combine(Deployment.AppDirectory, "functions.metadata")));
        var answered = metadata.RootElement.EnumerateArray()
            .SelectMany(function => function.GetProperty("bindings").EnumerateArray()
                .Where(binding => binding.GetProperty("type").GetString() == "httpTrigger")
                .SelectMany(binding => binding.GetProperty("methods").EnumerateArray().Select(method => (
                    Id: function.GetProperty("name").GetString()!,
                    Method: method.GetString()!,
                    Path: "/" + binding.GetProperty("route").GetString()!.Replace("{*path}", "{path}", StringComparison.Ordinal),
                    IsOpen: binding.GetProperty("authLevel").GetString() == "Anonymous"))))
            .Where(route => route.Method != "head")
            .Select(route => $"{route.Method} {route.Path} {route.Id} {(route.IsOpen ? "open" : "key")}");

        var written = Operations().Select(operation =>
            $"{operation.Method} {operation.Path} {operation.Body["operationId"]} {(IsOpen(operation.Body) ? "open" : "key")}");

        Assert.Equal(answered.Order(StringComparer.Ordinal), written.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Open_Routes_AreHealthAndTheFilesOfThePage() => Assert.Equal(
        ["Health", "Viewer"],
        Operations().Where(operation => IsOpen(operation.Body))
            .Select(operation => operation.Body["operationId"]!.GetValue<string>()).Order(StringComparer.Ordinal));

    [Fact]
    public async Task Answers_OfEveryRoute_HaveTheirSchemas()
    {
        var good = ViewerTests.Pictures("api", 3).ToArray();
        var job = await app.DetectAsync("api/", [.. good, ("api/bad.png", good[0].Bytes[..50])]);
        var current = (await app.App.GetAsync("api/models")).Body.GetProperty("models").EnumerateArray()
            .Single(model => model.GetProperty("isCurrent").GetBoolean());
        var id = $"{current.GetProperty("name").GetString()}/{current.GetProperty("version").GetString()}";
        (string Id, string Method, string Path, HttpContent? Body, int Status)[] calls =
        [
            ("ListResults", "get", $"results?job={job}&limit=2", null, 200),
            ("ListResults", "get", "results?prefix=api/", null, 200),
            ("ListResults", "get", "results?limit=0", null, 400),
            ("ListResults", "get", "results?minScore=2", null, 400),
            ("ListResults", "get", "results?conf=1", null, 400),
            ("ListResults", "get", "results?continuation=what", null, 400),
            ("ListResults", "get", "results?container=jobs", null, 400),
            ("ListResults", "get", "results?job=none", null, 404),
            ("ListResults", "get", "results?job=..%2Fx", null, 404),
            ("ExportResults", "get", $"results/export?job={job}&format=coco-dataset", null, 200),
            ("ExportResults", "get", $"results/export?job={job}&format=yolo", null, 200),
            ("ExportResults", "get", "results/export?format=pdf", null, 400),
            ("ExportResults", "get", "results/export?format=csv&job=none", null, 404),
            ("GetImageLink", "get", "images?name=api/0000.png", null, 200),
            ("GetImageLink", "get", "images", null, 400),
            ("GetImageLink", "get", "images?container=jobs&name=x", null, 400),
            ("GetImageLink", "get", "images?name=a/../../jobs/x", null, 422),
            ("GetThumbnail", "get", "thumbnails?name=api/0000.png", null, 200),
            ("GetThumbnail", "get", "thumbnails?name=api/0000.png&size=300", null, 400),
            ("GetThumbnail", "get", "thumbnails?name=api/none.png", null, 404),
            ("GetThumbnail", "get", "thumbnails?name=api/0000.png&etag=0x1", null, 404),
            ("GetThumbnail", "get", "thumbnails?name=api/bad.png", null, 422),
            ("ListJobs", "get", "jobs?limit=3", null, 200),
            ("ListJobs", "get", "jobs?limit=1000", null, 400),
            ("StartJob", "post", "jobs", RunningApp.Json(new { prefix = "api/none/" }), 202),
            ("StartJob", "post", "jobs", RunningApp.Json(new { perfix = "x" }), 400),
            ("GetJob", "get", $"jobs/{job}", null, 200),
            ("GetJob", "get", "jobs/none", null, 404),
            ("CancelJob", "delete", $"jobs/{job}", null, 409),
            ("CancelJob", "delete", "jobs/none", null, 404),
            ("RetryJob", "post", $"jobs/{job}/retry?force=true", null, 202),
            ("RetryJob", "post", $"jobs/{job}/retry?forse=true", null, 400),
            ("RetryJob", "post", "jobs/none/retry", null, 404),
            ("ListModels", "get", "models", null, 200),
            ("ListModels", "get", "models?x=1", null, 400),
            ("RollbackModel", "post", "models/rollback", RunningApp.Json(new { model = id }), 200),
            ("RollbackModel", "post", "models/rollback", RunningApp.Json(new { model = "none/1" }), 404),
            ("RollbackModel", "post", "models/rollback", RunningApp.Json(new { modle = "x" }), 400),
            ("DetectImage", "post", "detect?name=photo", new ByteArrayContent(good[0].Bytes), 200),
            ("DetectImage", "post", "detect?score=7", new ByteArrayContent(good[0].Bytes), 400),
            ("DetectImage", "post", "detect", new ByteArrayContent(Encoding.UTF8.GetBytes("no image")), 422),
            ("Health", "get", "health", null, 200),
            ("HealthDetails", "get", "health/details", null, 200),
            ("GetOpenApi", "get", "openapi.json", null, 200),
            ("GetResultSchema", "get", "schemas/detection-result.v1.schema.json", null, 200),
            ("Viewer", "get", "viewer/app.js", null, 200),
            ("Viewer", "get", "viewer/none.js", null, 404),
        ];
        foreach (var (operationId, method, path, body, status) in calls)
        {
            using var request = new HttpRequestMessage(new HttpMethod(method.ToUpperInvariant()), new Uri(app.Address, $"api/{path}"));
            request.Content = body;
            using var answer = await Http.SendAsync(request, App.Cancellation);
            var content = await answer.Content.ReadAsByteArrayAsync(App.Cancellation);
            var text = content.Length < 20_000 ? Encoding.UTF8.GetString(content) : string.Empty;
            Assert.True((int)answer.StatusCode == status, $"{method} {path}: expected {status}, found {(int)answer.StatusCode} {text}");
            Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
            HasItsSchema(operationId, method, path, answer, content);
        }

        var tried = calls.Select(call => call.Id).Distinct().Order(StringComparer.Ordinal);
        var written = Operations().Select(operation => operation.Body["operationId"]!.GetValue<string>());
        Assert.Equal(written.Order(StringComparer.Ordinal), tried);
    }

    [Theory]
    [InlineData("JobRequest", typeof(JobRequest))]
    [InlineData("DetectionOptions", typeof(DetectionRequestOptions))]
    public void Fields_OfRequests_AreThoseThatTheAppReads(string schema, Type request) => Assert.Equal(
        request.GetProperties().Select(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name)).Order(StringComparer.Ordinal),
        Document["components"]!["schemas"]![schema]!["properties"]!.AsObject().Select(property => property.Key).Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("JobStatus", "jobId", false)]
    [InlineData("Problem", "code", false)]
    [InlineData("ResultPage", "items", false)]
    [InlineData("Problem", "more", true)]
    [InlineData("ImageLink", "more", true)]
    public void Schemas_AnswerThatLacksAFieldOrHasAnother_IsRefused(string name, string field, bool isAdded)
    {
        var answer = JsonNode.Parse(name switch
        {
            "Problem" => """{ "type": "urn:nanodet:x", "title": "t", "status": 404, "detail": "d", "code": "x" }""",
            "ImageLink" => """{ "url": "https://example.org/x", "expiresUtc": "2026-01-01T00:00:00Z" }""",
            "ResultPage" => """{ "items": [], "continuation": null, "total": null }""",
            _ => """
                { "jobId": "a", "state": "running", "discovered": 1, "detected": 1, "failed": 0, "skipped": 0, "filtered": 0,
                  "isListed": true, "imagesPerSecond": 1.5, "secondsLeft": null, "startedUtc": "2026-01-01T00:00:00Z", "endedUtc": null, "error": null }
                """,
        })!.AsObject();
        var schema = Compile(new JsonObject { ["$ref"] = $"#/components/schemas/{name}" });
        Assert.True(schema.Evaluate(JsonSerializer.SerializeToElement(answer)).IsValid);

        if (isAdded)
        {
            answer[field] = 1;
        }
        else
        {
            answer.Remove(field);
        }

        Assert.False(schema.Evaluate(JsonSerializer.SerializeToElement(answer)).IsValid);
    }

    [Fact]
    public async Task Results_PageByPage_AreEveryResultOnce()
    {
        var job = await app.DetectAsync("pages/", ViewerTests.Pictures("pages", 25));

        foreach (var query in (string[])[$"results?job={job}&limit=7", "results?prefix=pages/&limit=7"])
        {
            var names = new List<string>();
            string? continuation = null;
            do
            {
                var next = continuation is null ? "" : $"&continuation={Uri.EscapeDataString(continuation)}";
                var page = (await app.App.GetAsync($"api/{query}{next}")).Body;
                Assert.InRange(page.GetProperty("items").GetArrayLength(), 0, 7);
                names.AddRange(page.GetProperty("items").EnumerateArray()
                    .Select(item => item.GetProperty("image").GetProperty("name").GetString()!));
                continuation = page.GetProperty("continuation").GetString();
            }
            while (continuation is not null);

            Assert.Equal(ViewerTests.Pictures("pages", 25).Select(picture => picture.Name), names.Order(StringComparer.Ordinal));
        }

        var red = (await app.App.GetAsync($"api/results?job={job}&class=red&minScore=0.05")).Body.GetProperty("items");
        Assert.Equal(13, red.GetArrayLength());
        var failed = (await app.App.GetAsync($"api/results?job={job}&status=failed")).Body.GetProperty("items").GetArrayLength();
        Assert.Equal(0, failed);
    }

    [Fact]
    public async Task Pictures_WhateverTheyAre_CannotBeScripts()
    {
        await app.Deployment.Images.UploadAsync(
            [("evil/page.html", "<script>alert(1)</script>"u8.ToArray()), .. ViewerTests.Pictures("evil", 1)]);

        using var thumbnail = await Http.GetAsync(new Uri(app.Address, "api/thumbnails?name=evil/0000.png"), App.Cancellation);
        Assert.Equal("image/jpeg", thumbnail.Content.Headers.ContentType!.MediaType);
        Assert.Contains("sandbox", Assert.Single(thumbnail.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);

        var link = (await app.App.GetAsync("api/images?name=evil/page.html")).Body;
        using var page = await Http.GetAsync(new Uri(link.GetProperty("url").GetString()!), App.Cancellation);
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Equal("application/octet-stream", page.Content.Headers.ContentType!.MediaType);
        Assert.Equal("attachment", page.Content.Headers.ContentDisposition!.DispositionType);
        var life = link.GetProperty("expiresUtc").GetDateTimeOffset() - TimeProvider.System.GetUtcNow();
        Assert.InRange(life, TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(11));

        // The address is good for this image and for reading.
        var other = new UriBuilder(link.GetProperty("url").GetString()!);
        other.Path = other.Path.Replace("page.html", "0000.png", StringComparison.Ordinal);
        using var refused = await Http.GetAsync(other.Uri, App.Cancellation);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        using var changed = await Http.PutAsync(new Uri(link.GetProperty("url").GetString()!), new ByteArrayContent([1]), App.Cancellation);
        Assert.False(changed.IsSuccessStatusCode);
    }

    [Fact]
    public async Task Page_EveryFile_HasAPolicyWithoutInlineScripts()
    {
        Assert.NotEmpty(ViewerFiles.Paths);
        foreach (var path in ViewerFiles.Paths.Append(string.Empty))
        {
            using var answer = await Http.GetAsync(new Uri(app.Address, $"api/viewer/{path}"), App.Cancellation);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
            Assert.Contains("default-src 'none'; script-src 'self'; style-src 'self'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("*", policy, StringComparison.Ordinal);
        }

        var text = string.Concat(ViewerFiles.Paths.Select(path => Encoding.UTF8.GetString(ViewerFiles.Find(path)!.Content.Span)));
        Assert.DoesNotMatch(InlineOrForeign(), text);
    }

    [GeneratedRegex(@"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|https?://(?!www\.w3\.org/2000/svg)")]
    private static partial Regex InlineOrForeign();

    private static bool IsOpen(JsonObject operation) => operation["security"] is JsonArray { Count: 0 };

    private static IEnumerable<(string Path, string Method, JsonObject Body)> Operations() => Document["paths"]!.AsObject()
        .SelectMany(path => path.Value!.AsObject().Select(method => (path.Key, method.Key, method.Value!.AsObject())));

    private static void HasItsSchema(string operationId, string method, string path, HttpResponseMessage answer, byte[] content)
    {
        var (written, spelled, body) = Operations().Single(operation => operation.Body["operationId"]!.GetValue<string>() == operationId);
        Assert.Equal(spelled, method);
        Assert.StartsWith(written.Split('{')[0].TrimEnd('/'), $"/{path}", StringComparison.Ordinal);
        var response = body["responses"]![((int)answer.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture)];
        Assert.True(response is not null, $"{method} {path}: the document has no answer {(int)answer.StatusCode}");
        var type = answer.Content.Headers.ContentType!.MediaType!;
        Assert.True(response["content"]!.AsObject().ContainsKey(type), $"{method} {path}: the document has no {type}");
        if (type is "application/json" or "application/problem+json" && response["content"]![type]!["schema"] is { } schema)
        {
            using var document = JsonDocument.Parse(content);
            var result = Compile(schema).Evaluate(document.RootElement, new EvaluationOptions { OutputFormat = OutputFormat.List });
            Assert.True(result.IsValid, $"{method} {path}: {Encoding.UTF8.GetString(content)} {JsonSerializer.Serialize(result)}");
        }
    }

    private static readonly Dictionary<string, JsonSchema> Compiled = [];

    /// <summary>A schema of the document, with those that it refers to.</summary>
    private static JsonSchema Compile(JsonNode schema)
    {
        var text = schema.ToJsonString();
        if (!Compiled.TryGetValue(text, out var compiled))
        {
            if (Compiled.Count == 0)
            {
                SchemaRegistry.Global.Register(JsonSchema.FromText(Encoding.UTF8.GetString(OpenApiDocument.ResultSchema.Span)));
            }

            var root = new JsonObject
            {
                ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
                ["$id"] = $"urn:test:{Compiled.Count}",
                ["allOf"] = new JsonArray(schema.DeepClone()),
                ["$defs"] = Document["components"]!["schemas"]!.DeepClone(),
            };
            var bundled = root.ToJsonString()
                .Replace("#/components/schemas/", "#/$defs/", StringComparison.Ordinal)
                .Replace("schemas/detection-result.v1.schema.json", "urn:nanodet-serverless:detection-result:v1", StringComparison.Ordinal);
            Compiled[text] = compiled = JsonSchema.FromText(bundled);
        }

        return compiled;
    }
}
