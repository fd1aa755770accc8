using System.Net.Http.Json;
using System.Text.Json;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;

namespace Nanodet.Serverless.Browser.Tests.Browsing;

/// <summary>The whole app on Azurite, with a model that finds red, green and blue.</summary>
public sealed class RunningApp : IAsyncLifetime
{
    private Deployment? _deployment;
    private App? _app;

    internal Deployment Deployment => _deployment!;

    internal App App => _app!;

    /// <summary>Where the app listens.</summary>
    internal Uri Address => App.Host.Address;

    public async ValueTask InitializeAsync()
    {
        _deployment = await Deployment.CreateAsync();
        await _deployment.PublishAsync(TestModel.Good, "1");
        _app = await _deployment.StartAsync(
            "all",
            ("AzureWebJobs.ImageUploaded.Disabled", "true"),
            ("Nanodet__Model__PollInterval", "00:00:01"),
            ("AzureFunctionsJobHost__extensions__queues__visibilityTimeout", "00:00:00"));
        await _app.IsReadyAsync();
    }

    public ValueTask DisposeAsync() => _deployment?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>Puts images into storage and runs a job over them.</summary>
    internal async Task<string> DetectAsync(string prefix, IEnumerable<(string Name, byte[] Bytes)> images, object? options = null)
    {
        await Deployment.Images.UploadAsync(images);
        var job = await App.StartJobAsync(new { prefix, options, force = options is not null });
        await App.JobEndsAsync(job);
        return job;
    }

    /// <summary>Takes a job's manifest away, so that the job runs for whoever looks.</summary>
    /// <returns>What puts the manifest back, as if the job ended then.</returns>
    internal async Task<Func<Task>> RunsAgainAsync(string job)
    {
        var manifest = Deployment.Blobs.GetBlobContainerClient("jobs").GetBlobClient($"{job}/manifest.json");
        var content = (await manifest.DownloadContentAsync(App.Cancellation)).Value.Content;
        await manifest.DeleteAsync(cancellationToken: App.Cancellation);
        return () => manifest.UploadAsync(content, App.Cancellation);
    }

    /// <summary>The status of a job under way.</summary>
    internal static JsonContent Json(object value) => JsonContent.Create(value, options: JsonSerializerOptions.Web);
}
