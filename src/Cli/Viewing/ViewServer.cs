using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Nanodet.Detection.Images;
using Nanodet.Serverless.Cli.Cloud;
using Nanodet.Serverless.Cli.Output;
using Nanodet.Serverless.Exports;
using Nanodet.Serverless.LocalHost.Http;
using Nanodet.Serverless.LocalHost.Processes;
using Nanodet.Serverless.Pipeline;
using Nanodet.Serverless.Pipeline.Jobs;
using Nanodet.Serverless.Pipeline.Reading;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Viewer;

namespace Nanodet.Serverless.Cli.Viewing;

/// <summary>
/// Serves the viewer and the part of the API that only reads, on the loopback address, to pages of this machine. No route changes anything.
/// </summary>
internal sealed class ViewServer : IAsyncDisposable
{
    private static readonly string[] Methods = ["GET", "HEAD"];

    private readonly SemaphoreSlim _pictures = new(2);
    private readonly IViewedResults _results;
    private readonly IReadOnlyList<(string Job, IViewedResults Results)> _compared;
    private readonly WebApplication _app;

    private ViewServer(IViewedResults results, IViewedResults? before, int port)
    {
        _results = results;
        _compared = before is null ? [] : [(before.JobId ?? "before", before), (results.JobId ?? "after", results)];
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, port);
            kestrel.Limits.MaxRequestLineSize = HttpFrontEnd.LongestRequestLine;
            kestrel.AddServerHeader = false;
        });
        builder.Services.AddRouting();
        builder.Services.AddLogging();
        builder.Services.AddSingleton<IHostLifetime, DetachedLifetime>();
        _app = builder.Build();
        var callers = new CallerCheck([]);
        _app.Use(next => context => ProblemAnswers.InvokeAsync(context, next));
        _app.Use(next => context => callers.InvokeAsync(context, next));
        Map(_app);
    }

    /// <summary>The address of the page.</summary>
    public Uri Page => new(new Uri(_app.Urls.Single()), "/api/viewer/");

    /// <summary>Begins to serve.</summary>
    /// <param name="results">What is looked at.</param>
    /// <param name="before">What it is compared with; null for nothing.</param>
    /// <param name="port">The port; 0 for a free one.</param>
    /// <param name="cancellationToken">Gives the start up.</param>
    /// <exception cref="CliException"><c>port_taken</c>.</exception>
    public static async Task<ViewServer> StartAsync(
        IViewedResults results, IViewedResults? before, int port, CancellationToken cancellationToken)
    {
        var server = new ViewServer(results, before, port);
        try
        {
            await server._app.StartAsync(cancellationToken);
            return server;
        }
        catch (IOException exception)
        {
            await server.DisposeAsync();
            throw new CliException("port_taken", $"--port: port {port} cannot be opened: {exception.Message}");
        }
    }

    /// <summary>Ends the serving.</summary>
    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _pictures.Dispose();
    }

    private void Map(WebApplication routes)
    {
        routes.MapMethods("/", Methods, () => Results.Redirect("/api/viewer/"));
        routes.MapMethods("/api/viewer/{*path}", Methods, GetFileAsync);
        routes.MapMethods("/api/results", Methods, context => AnswerAsync(context, GetResultsAsync));
        routes.MapMethods("/api/results/export", Methods, context => AnswerAsync(context, ExportAsync));
        routes.MapMethods("/api/jobs", Methods, GetJobsAsync);
        routes.MapMethods("/api/images", Methods, context => AnswerAsync(context, GetLinkAsync));
        routes.MapMethods("/api/images/content", Methods, context => AnswerAsync(context, GetImageAsync));
        routes.MapMethods("/api/thumbnails", Methods, context => AnswerAsync(context, GetThumbnailAsync));
    }

    private static string? Text(HttpContext context, string name) => context.Request.Query[name] is [{ Length: > 0 } value] ? value : null;

    /// <summary>Runs a route; what it says about the request becomes problem details.</summary>
    private static async Task AnswerAsync(HttpContext context, Func<HttpContext, Task> route)
    {
        try
        {
            await route(context);
        }
        catch (PipelineException exception) when (exception.Code is FailureCodes.BlobNotFound or FailureCodes.BlobChanged)
        {
            await NotFoundAsync(context, exception.Code, exception.Message);
        }
        catch (PipelineException exception)
        {
            await ProblemAnswers.WriteAsync(context, StatusCodes.Status400BadRequest, exception.Code, exception.Message);
        }
        catch (ExportException exception)
        {
            await ProblemAnswers.WriteAsync(context, StatusCodes.Status422UnprocessableEntity, exception.Code, exception.Message);
        }
        catch (ImageException exception)
        {
            await ProblemAnswers.WriteAsync(context, StatusCodes.Status422UnprocessableEntity, exception.Code, exception.Message);
        }
    }

    private static Task NotFoundAsync(HttpContext context, string code, string detail) =>
        ProblemAnswers.WriteAsync(context, StatusCodes.Status404NotFound, code, detail);

    private static async Task WriteAsync(HttpContext context, ReadOnlyMemory<byte> content, string contentType)
    {
        context.Response.ContentType = contentType;
        context.Response.ContentLength = content.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(content, context.RequestAborted);
        }
    }

    private async Task GetFileAsync(HttpContext context)
    {
        var path = context.GetRouteValue("path") as string;
        if (string.IsNullOrEmpty(path) && !context.Request.Path.Value!.EndsWith('/'))
        {
            context.Response.Redirect("/api/viewer/");
            return;
        }

        var file = path == ViewerConfig.Path
            ? new ViewerFile(
                ViewerConfig.OfResults(
                    _results.JobId,
                    _results.Title,
                    ExportFormats.Names,
                    FailureCodes.Retryable,
                    [.. _compared.Select(one => (one.Job, one.Results.Title))]),
                ViewerConfig.ContentType,
                Etag: string.Empty)
            : ViewerFiles.Find(path);
        if (file is null)
        {
            await NotFoundAsync(context, "file_not_found", "Expected a file of the viewer, found none; the page is /api/viewer/.");
            return;
        }

        foreach (var (name, value) in ViewerHeaders.OfPage(_results.ImageOrigin))
        {
            context.Response.Headers[name] = value;
        }

        await WriteAsync(context, file.Content, file.ContentType);
    }

    private async Task GetResultsAsync(HttpContext context)
    {
        var (results, query) = Find(ResultQuery.Read(name => Text(context, name)));
        if (await results.ReadAsync(query, context.RequestAborted) is { } page)
        {
            await WriteAsync(context, page.ToUtf8Json(), ViewerConfig.ContentType);
        }
        else
        {
            await JobNotFoundAsync(context);
        }
    }

    private Task JobNotFoundAsync(HttpContext context) =>
        NotFoundAsync(context, "job_not_found", $"Expected results of {_results.Title}, found a request for another job's.");

    /// <summary>The results that a query names, and the query as they understand it.</summary>
    private (IViewedResults Results, ResultQuery Query) Find(ResultQuery query)
    {
        foreach (var (job, results) in _compared)
        {
            if (job == query.JobId)
            {
                return (results, query with { JobId = results.JobId });
            }
        }

        return (_results, query);
    }

    /// <summary>An image of any of the results: those that are compared are about the same ones.</summary>
    private async Task<(ReadOnlyMemory<byte> Content, bool IsContentKnown)?> FindImageAsync(HttpContext context)
    {
        foreach (var results in _compared.Select(one => one.Results).Prepend(_results))
        {
            if (await results.FindImageAsync(
                Text(context, "container"), Text(context, "name") ?? string.Empty, Text(context, "etag"), context.RequestAborted)
                is { } image)
            {
                return (image, results.IsContentKnown);
            }
        }

        return null;
    }

    private async Task ExportAsync(HttpContext context)
    {
        var wanted = ResultExport.Read(name => Text(context, name));
        var (results, query) = Find(wanted.Query);
        if (await results.ReadAsync(query with { Limit = 1 }, context.RequestAborted) is null)
        {
            await JobNotFoundAsync(context);
            return;
        }

        var export = await wanted.WriteAsync(results.ReadAllAsync(query, context.RequestAborted), context.RequestAborted);
        await using var content = export.Content;
        foreach (var (name, value) in export.Headers)
        {
            context.Response.Headers[name] = value;
        }

        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await content.CopyToAsync(context.Response.Body, context.RequestAborted);
        }
    }

    private async Task GetJobsAsync(HttpContext context)
    {
        var jobs = new List<JobStatus>();
        foreach (var stored in _compared.Select(one => one.Results).Append(_results).OfType<StoredJob>().Distinct())
        {
            if (await stored.FindStatusAsync(context.RequestAborted) is { } job)
            {
                jobs.Add(job);
            }
        }

        jobs.Sort((left, right) => string.CompareOrdinal(right.JobId, left.JobId));
        await WriteAsync(
            context, JsonSerializer.SerializeToUtf8Bytes(new JobsReport(jobs), ViewJson.Default.JobsReport), ViewerConfig.ContentType);
    }

    private async Task GetLinkAsync(HttpContext context)
    {
        var name = Text(context, "name") ?? string.Empty;
        var link = await _results.LinkAsync(Text(context, "container"), name, Text(context, "etag"), context.RequestAborted)
            ?? new ImageLink(new Uri(Page, $"/api/images/content?name={Uri.EscapeDataString(name)}"), DateTimeOffset.MaxValue);
        await WriteAsync(context, JsonSerializer.SerializeToUtf8Bytes(link, ViewJson.Default.ImageLink), ViewerConfig.ContentType);
    }

    private Task GetImageAsync(HttpContext context) => WritePictureAsync(
        context, (image, _) => image, ImageLinks.TypeOf(Text(context, "name") ?? string.Empty));

    private Task GetThumbnailAsync(HttpContext context) => WritePictureAsync(
        context, (image, side) => Thumbnail.Create(image.Span, side).Jpeg, ThumbnailStore.ContentType);

    private async Task WritePictureAsync(
        HttpContext context, Func<ReadOnlyMemory<byte>, int, ReadOnlyMemory<byte>> make, string contentType)
    {
        var side = Text(context, "size") is { } size && int.TryParse(size, out var wanted) && ThumbnailStore.Sides.Contains(wanted)
            ? wanted
            : ThumbnailStore.Sides[0];
        (ReadOnlyMemory<byte> Content, bool IsContentKnown)? picture;
        await _pictures.WaitAsync(context.RequestAborted);
        try
        {
            picture = await FindImageAsync(context) is { } image ? (make(image.Content, side), image.IsContentKnown) : null;
        }
        finally
        {
            _pictures.Release();
        }

        if (picture is not { } found)
        {
            await NotFoundAsync(context, "image_not_found", "Expected an image of these results, found none; --images names their folder.");
            return;
        }

        foreach (var (name, value) in ViewerHeaders.OfImage(found.IsContentKnown && Text(context, "etag") is not null))
        {
            context.Response.Headers[name] = value;
        }

        await WriteAsync(context, found.Content, contentType);
    }
}
