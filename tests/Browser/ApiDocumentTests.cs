using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
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

        var written = ApiDocument.Operations().Select(operation =>
            $"{operation.Method} {operation.Path} {operation.Body["operationId"]} {(ApiDocument.IsOpen(operation.Body) ? "open" : "key")}");

        Assert.Equal(answered.Order(StringComparer.Ordinal), written.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Open_Routes_AreHealthAndTheFilesOfThePage() => Assert.Equal(
        ["Health", "Viewer"],
        ApiDocument.Operations().Where(operation => ApiDocument.IsOpen(operation.Body))
            .Select(operation => operation.Body["operationId"]!.GetValue<string>()).Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("JobRequest", typeof(JobRequest))]
    [InlineData("DetectionOptions", typeof(DetectionRequestOptions))]
    public void Fields_OfRequests_AreThoseThatTheAppReads(string schema, Type request) => Assert.Equal(
        request.GetProperties().Select(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name)).Order(StringComparer.Ordinal),
        ApiDocument.Schema(schema)["properties"]!.AsObject().Select(property => property.Key).Order(StringComparer.Ordinal));

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
        var schema = ApiDocument.Compile(new JsonObject { ["$ref"] = $"#/components/schemas/{name}" });
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

    /// <summary>Who reads a running job page by page reads it to its end, also where the job ends meanwhile.</summary>
    [Fact]
    public async Task Results_OfAJobThatEndsBetweenTwoPages_AreEveryResultOnce()
    {
        var job = await app.DetectAsync("ends/", ViewerTests.Pictures("ends", 5));
        var end = await app.RunsAgainAsync(job);

        var page = (await app.App.GetAsync($"api/results?job={job}&limit=2")).Body;
        Assert.Equal(JsonValueKind.Null, page.GetProperty("total").ValueKind);
        var names = new List<string?>();
        for (var isFirst = true; ; isFirst = false)
        {
            names.AddRange(page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("image").GetProperty("name").GetString()));
            if (isFirst)
            {
                await end();
            }

            if (page.GetProperty("continuation").GetString() is not { } continuation)
            {
                break;
            }

            page = (await app.App.GetAsync($"api/results?job={job}&limit=2&continuation={Uri.EscapeDataString(continuation)}")).Body;
        }

        Assert.Equal(ViewerTests.Pictures("ends", 5).Select(picture => picture.Name), names.Order(StringComparer.Ordinal));
        Assert.Equal(5, (await app.App.GetAsync($"api/results?job={job}")).Body.GetProperty("total").GetInt32());
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
}
