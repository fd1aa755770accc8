using Nanodet.Serverless.EndToEnd.Tests.Hosting;

namespace Nanodet.Serverless.EndToEnd.Tests;

/// <summary>One app for the tests of jobs and of HTTP.</summary>
public sealed class JobApp : IAsyncLifetime
{
    private Deployment? _deployment;
    private App? _app;

    internal Deployment Deployment => _deployment!;

    internal App App => _app!;

    public async ValueTask InitializeAsync()
    {
        _deployment = await Deployment.CreateAsync();
        await _deployment.PublishAsync(TestModel.Good, "1");
        _app = await _deployment.StartAsync(
            "all",
            ("AzureWebJobs.ImageUploaded.Disabled", "true"),
            ("AzureFunctionsJobHost__extensions__queues__visibilityTimeout", "00:00:00"));
        await _app.IsReadyAsync();
    }

    public ValueTask DisposeAsync() => _deployment?.DisposeAsync() ?? ValueTask.CompletedTask;
}
