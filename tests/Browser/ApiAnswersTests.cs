using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Nanodet.Serverless.Browser.Tests.Browsing;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;
using Nanodet.Serverless.Exports;
using Nanodet.Serverless.Pipeline.Jobs;
using Nanodet.Serverless.Viewer;

namespace Nanodet.Serverless.Browser.Tests;

/// <summary>Every status of every route that the description of the API has, asked for over HTTP.</summary>
[Collection("One page at a time")]
public sealed class ApiAnswersTests(RunningApp app)
{
    private static readonly HttpClient Http = new(new HttpClientHandler { AllowAutoRedirect = false });

    /// <summary>Answers of the document that no test can ask for over HTTP, and why; of every route where the route is a star.</summary>
    private static readonly Dictionary<(string Id, int Status), string> NotAskedFor = new()
    {
        [("*", 500)] = "takes a fault inside of a function; HttpFailuresTests makes one",
        [("RollbackModel", 409)] = "takes another publisher within the same milliseconds",
        [("RollbackModel", 503)] = "takes a machine without a library",
        [("GetThumbnail", 503)] = "takes a machine without a library",
    };

    /// <summary>Both ways: each answer of the document is given, in its form, and no other one.</summary>
    [Fact]
    public async Task Answers_OfEveryRouteAndStatus_AreGivenInTheirSchemas()
    {
        var given = new HashSet<(string Id, int Status)>();
        await AskAsync(given);
        await AskWithoutAModelAsync(given);

        bool IsLeftOut(string id, int status) => NotAskedFor.ContainsKey((id, status)) || NotAskedFor.ContainsKey(("*", status));
        var written = ApiDocument.Operations()
            .SelectMany(operation => operation.Body["responses"]!.AsObject().Select(response => (
                Id: operation.Body["operationId"]!.GetValue<string>(), Status: int.Parse(response.Key, CultureInfo.InvariantCulture))))
            .ToHashSet();
        Assert.Equal(
            written.Where(answer => !IsLeftOut(answer.Id, answer.Status)).Select(answer => $"{answer.Id} {answer.Status}").Order(),
            given.Select(answer => $"{answer.Id} {answer.Status}").Order());
        Assert.All(NotAskedFor.Keys, answer => Assert.Contains(
            written, one => one.Status == answer.Status && (answer.Id == "*" || answer.Id == one.Id)));
    }

    /// <summary>What an app with a model answers.</summary>
    private async Task AskAsync(HashSet<(string Id, int Status)> given)
    {
        var good = ViewerTests.Pictures("api", 3).ToArray();
        var job = await app.DetectAsync("api/", [.. good, ("api/bad.png", good[0].Bytes[..50])]);
        var current = (await app.App.GetAsync("api/models")).Body.GetProperty("models").EnumerateArray()
            .Single(model => model.GetProperty("isCurrent").GetBoolean());
        var id = $"{current.GetProperty("name").GetString()}/{current.GetProperty("version").GetString()}";
        Call[] calls =
        [
            new("ListResults", "get", $"results?job={job}&limit=2", null, 200),
            new("ListResults", "get", "results?prefix=api/", null, 200),
            new("ListResults", "get", "results?limit=0", null, 400),
            new("ListResults", "get", "results?minScore=2", null, 400),
            new("ListResults", "get", "results?objects=few", null, 400),
            new("ListResults", "get", "results?conf=1", null, 400),
            new("ListResults", "get", "results?continuation=what", null, 400),
            new("ListResults", "get", "results?container=jobs", null, 400),
            new("ListResults", "get", "results?job=none", null, 404),
            new("ListResults", "get", "results?job=..%2Fx", null, 404),
            new("ExportResults", "get", $"results/export?job={job}&format=coco-dataset", null, 200),
            .. ExportFormats.Names.Select(name => new Call("ExportResults", "get", $"results/export?job={job}&format={name}", null, 200)),
            new("ExportResults", "get", "results/export?format=pdf", null, 400),
            new("ExportResults", "get", "results/export", null, 400),
            new("ExportResults", "get", $"results/export?job={job}&format=csv&search=none", null, 422),
            new("ExportResults", "get", $"results/export?job={job}&format=yolo&status=failed", null, 422),
            new("ExportResults", "get", "results/export?format=csv&job=none", null, 404),
            new("GetImageLink", "get", "images?name=api/0000.png", null, 200),
            new("GetImageLink", "get", "images?name=api/0000.png&etag=0x1", null, 404),
            new("GetImageLink", "get", "images?name=api/none.png&etag=0x1", null, 404),
            new("GetImageLink", "get", "images?name=api/0000.png&etag=*", null, 400),
            new("GetImageLink", "get", "images", null, 400),
            new("GetImageLink", "get", "images?container=jobs&name=x", null, 400),
            new("GetImageLink", "get", "images?name=a/../../jobs/x", null, 422),
            new("GetThumbnail", "get", "thumbnails?name=api/0000.png", null, 200),
            new("GetThumbnail", "get", "thumbnails?name=api/0000.png&size=300", null, 400),
            new("GetThumbnail", "get", "thumbnails?name=api/none.png", null, 404),
            new("GetThumbnail", "get", "thumbnails?name=api/0000.png&etag=0x1", null, 404),
            new("GetThumbnail", "get", "thumbnails?name=api/bad.png", null, 422),
            new("ListJobs", "get", "jobs?limit=3", null, 200),
            new("ListJobs", "get", $"jobs?limit=1&continuation={job}", null, 200),
            new("ListJobs", "get", "jobs?limit=1000", null, 400),
            new("ListJobs", "get", "jobs?continuation=..%2Fx", null, 400),
            new("StartJob", "post", "jobs", RunningApp.Json(new { prefix = "api/none/" }), 202),
            new("StartJob", "post", "jobs", RunningApp.Json(new { perfix = "x" }), 400),

            // Lists are in the order of the ids: one that does not begin with the time must not stand before the jobs of other tests.
            new("StartJob", "post", "jobs", RunningApp.Json(new { prefix = "api/none/", id = "0-once" }), 202),
            new("StartJob", "post", "jobs", RunningApp.Json(new { prefix = "api/none/", id = "0-once" }), 200),
            new("StartJob", "post", "jobs", RunningApp.Json(new { prefix = "api/other/", id = "0-once" }), 409),
            new("StartJob", "post", "jobs", RunningApp.Json(new { prefix = "api/none/" }), 202, ("Idempotency-Key", "api")),
            new("StartJob", "post", "jobs", RunningApp.Json(new { prefix = "api/other/" }), 422, ("Idempotency-Key", "api")),
            new("GetJob", "get", $"jobs/{job}", null, 200),
            new("GetJob", "get", "jobs/none", null, 404),
            new("CancelJob", "delete", $"jobs/{job}", null, 409),
            new("CancelJob", "delete", "jobs/none", null, 404),
            new("RetryJob", "post", $"jobs/{job}/retry?force=true", null, 202),
            new("RetryJob", "post", $"jobs/{job}/retry?forse=true", null, 400),
            new("RetryJob", "post", $"jobs/{job}/retry?force=true", null, 202, ("Idempotency-Key", "api-retry")),
            new("RetryJob", "post", $"jobs/{job}/retry?force=true", null, 200, ("Idempotency-Key", "api-retry")),
            new("RetryJob", "post", $"jobs/{job}/retry", null, 422, ("Idempotency-Key", "api-retry")),
            new("RetryJob", "post", "jobs/none/retry", null, 404),
            new("UploadList", "post", "lists", new StringContent("api/0000.png\n{ \"name\": \"api/0001.png\" }\n"), 201),
            new("UploadList", "post", "lists", new StringContent("api/0000.png\n{ \"name\": \"api/0001.png\" }\n"), 200),
            new("UploadList", "post", "lists", new StringContent("\n \n"), 400),
            new("ListModels", "get", "models", null, 200),
            new("ListModels", "get", "models?x=1", null, 400),
            new("RollbackModel", "post", "models/rollback", RunningApp.Json(new { model = id }), 200),
            new("RollbackModel", "post", "models/rollback", RunningApp.Json(new { model = "none/1" }), 404),
            new("RollbackModel", "post", "models/rollback", RunningApp.Json(new { modle = "x" }), 400),
            new("DetectImage", "post", "detect?name=photo", new ByteArrayContent(good[0].Bytes), 200),
            new("DetectImage", "post", "detect?score=7", new ByteArrayContent(good[0].Bytes), 400),
            new("DetectImage", "post", "detect", new ByteArrayContent(good[0].Bytes) { Headers = { ContentEncoding = { "br" } } }, 415),
            new("DetectImage", "post", "detect", new ByteArrayContent(Encoding.UTF8.GetBytes("no image")), 422),
            new("Health", "get", "health", null, 200),
            new("HealthDetails", "get", "health/details", null, 200),
            new("GetOpenApi", "get", "openapi.json", null, 200),
            new("GetResultSchema", "get", "schemas/detection-result.v1.schema.json", null, 200),
            new("Viewer", "get", "viewer/app.js", null, 200),
            new("Viewer", "get", "viewer", null, 302),
            new("Viewer", "get", "viewer/app.js", null, 304, ("If-None-Match", ViewerFiles.Find("app.js")!.Etag)),
            new("Viewer", "get", "viewer/none.js", null, 404),
        ];
        var unknown = ApiDocument.Operations().Select(operation => new Call(
            operation.Body["operationId"]!.GetValue<string>(),
            operation.Method,
            operation.Path[1..].Replace("{jobId}", "x", StringComparison.Ordinal).Replace("{path}", "app.js", StringComparison.Ordinal)
                + "?nobody=1",
            Body: null,
            400));
        foreach (var call in calls.Concat(unknown))
        {
            await SendAsync(app.Address, call, given);
        }
    }

    /// <summary>What an app answers that wants a key, has no model, and takes one body at a time.</summary>
    private static async Task AskWithoutAModelAsync(HashSet<(string Id, int Status)> given)
    {
        const string key = "a key of more than sixteen letters";
        await using var deployment = await Deployment.CreateAsync();
        deployment.Key = key;
        var image = ViewerTests.Pictures("alone", 1).Single();
        await deployment.Images.UploadAsync([image]);
        await deployment.Blobs.GetBlobContainerClient("models").GetBlobClient("test-plus/bad/model.onnx")
            .UploadAsync(BinaryData.FromBytes(TestModel.Differing), App.Cancellation);
        var other = await deployment.StartAsync(
            "all",
            ("AzureWebJobs.ImageUploaded.Disabled", "true"),
            ("Nanodet__Worker__ReadyWait", "00:00:01"),
            ("Nanodet__Http__ConcurrentBodies", "1"),
            ("Nanodet__Http__BodyTime", "00:00:01"));
        var address = other.Host.Address;

        foreach (var (path, method, body) in ApiDocument.Operations().Where(operation => !ApiDocument.IsOpen(operation.Body)))
        {
            await SendAsync(
                address,
                new Call(
                    body["operationId"]!.GetValue<string>(),
                    method,
                    path[1..].Replace("{jobId}", "x", StringComparison.Ordinal),
                    Body: null,
                    401),
                given);
        }

        var withKey = ("x-functions-key", key);
        await SendAsync(address, new Call("Health", "get", "health", null, 503), given);
        await SendAsync(address, new Call("HealthDetails", "get", "health/details", null, 503, withKey), given);
        await SendAsync(address, new Call("DetectImage", "post", "detect", new ByteArrayContent(image.Bytes), 503, withKey), given);
        await SendAsync(
            address,
            new Call("RollbackModel", "post", "models/rollback", RunningApp.Json(new { model = "test-plus/bad" }), 422, withKey),
            given);

        // Without a model, a job runs until it is ended.
        await SendAsync(
            address, new Call("StartJob", "post", "jobs", RunningApp.Json(new { prefix = "alone/", id = "runs" }), 202, withKey), given);
        await SendAsync(address, new Call("RetryJob", "post", "jobs/runs/retry", null, 409, withKey), given);
        await SendAsync(address, new Call("CancelJob", "delete", "jobs/runs", null, 202, withKey), given);

        foreach (var (id, path, most) in ((string, string, long)[])
            [("DetectImage", "detect", 64L << 20), ("StartJob", "jobs", JobStore.MaxRequestBytes), ("UploadList", "lists", JobStore.MaxListBytes),
             ("RollbackModel", "models/rollback", 4096)])
        {
            await AskWithBodiesAsync(address, key, (id, path, most), given);
        }
    }

    /// <summary>One body that is longer than it may, or says so, and one that does not come, while another one asks for its place.</summary>
    private static async Task AskWithBodiesAsync(
        Uri address, string key, (string Id, string Path, long Most) route, HashSet<(string Id, int Status)> given)
    {
        string Head(long length) =>
            $"POST /api/{route.Path} HTTP/1.1\r\nHost: localhost\r\nx-functions-key: {key}\r\nContent-Length: {length}\r\n\r\nabc";
        if (route.Most > JobStore.MaxRequestBytes)
        {
            IsAnswered(await RawAsync(address, Head(route.Most + 1)), route, 413, given);
        }
        else
        {
            var large = new ByteArrayContent(new byte[route.Most + 1]);
            await SendAsync(address, new Call(route.Id, "post", route.Path, large, 413, ("x-functions-key", key)), given);
        }

        await Eventually.TrueAsync(
            async () =>
            {
                var slow = RawAsync(address, Head(1000));
                var next = await RawAsync(address, Head(3));
                if (next.StartsWith("HTTP/1.1 429 ", StringComparison.Ordinal))
                {
                    IsAnswered(next, route, 429, given);
                    IsAnswered(await slow, route, 408, given);
                    return true;
                }

                await slow;
                return false;
            },
            "a body waits while another one comes",
            60);
    }

    /// <summary>A request of the app, and the status of its answer.</summary>
    private sealed record Call(
        string Id, string Method, string Path, HttpContent? Body, int Status, (string Name, string Value)? Header = null);

    private static async Task SendAsync(Uri address, Call call, HashSet<(string Id, int Status)> given)
    {
        using var request = new HttpRequestMessage(new HttpMethod(call.Method.ToUpperInvariant()), new Uri(address, $"api/{call.Path}"));
        request.Content = call.Body;
        if (call.Header is { } header)
        {
            request.Headers.Add(header.Name, header.Value);
        }

        using var answer = await Http.SendAsync(request, App.Cancellation);
        var content = await answer.Content.ReadAsByteArrayAsync(App.Cancellation);
        var text = content.Length < 20_000 ? Encoding.UTF8.GetString(content) : string.Empty;
        Assert.True(
            (int)answer.StatusCode == call.Status,
            $"{call.Method} {call.Path}: expected {call.Status}, found {(int)answer.StatusCode} {text}");
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        ApiDocument.HasItsSchema(call.Id, call.Method, call.Path, call.Status, answer.Content.Headers.ContentType?.MediaType, content);
        given.Add((call.Id, call.Status));
    }

    /// <summary>Sends what no HTTP client would, and reads the answer.</summary>
    private static async Task<string> RawAsync(Uri address, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port, App.Cancellation);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request), App.Cancellation);
        var answer = new StringBuilder();
        var buffer = new byte[4096];
        int read;
        while (!answer.ToString().Contains('}') && (read = await stream.ReadAsync(buffer, App.Cancellation)) > 0)
        {
            answer.Append(Encoding.ASCII.GetString(buffer, 0, read));
        }

        return answer.ToString();
    }

    /// <summary>An answer of <see cref="RawAsync"/>.</summary>
    private static void IsAnswered(
        string answer, (string Id, string Path, long Most) route, int status, HashSet<(string Id, int Status)> given)
    {
        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.Contains("X-Content-Type-Options: nosniff", answer, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("Content-Type: application/problem+json", answer, StringComparison.OrdinalIgnoreCase);
        var content = answer[answer.IndexOf('{', StringComparison.Ordinal)..(answer.LastIndexOf('}') + 1)];
        ApiDocument.HasItsSchema(route.Id, "post", route.Path, status, "application/problem+json", Encoding.ASCII.GetBytes(content));
        given.Add((route.Id, status));
    }
}
