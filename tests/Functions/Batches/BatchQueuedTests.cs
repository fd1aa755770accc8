using System.Text;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Grpc.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Functions.Batches;
using Nanodet.Serverless.Pipeline.Hosting;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Functions.Tests.Batches;

/// <summary>A batch while storage is away. The queue gives a message up after five deliveries, and all of its images with it.</summary>
public sealed class BatchQueuedTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    [InlineData(5, true)]
    public async Task Run_StorageIsAway_IsLeftToTheOrchestrationAfterTheThirdTime(long deliveries, bool isLeft)
    {
        await using var services = Services();
        var queued = ActivatorUtilities.CreateInstance<BatchQueued>(
            services, ActivatorUtilities.CreateInstance<BatchEvents>(services, NullLogger<BatchEvents>.Instance));
        var client = new FakeDurableClient(StatusCode.Unavailable, () => null);
        var message = Encoding.UTF8.GetBytes(
            """{ "batch": { "batchId": "b1", "blob": "lists/b1.ndjson", "count": 1 }, "attempt": 1 }""");

        var thrown = await Record.ExceptionAsync(() => queued.RunAsync(message, deliveries, client, Token));

        Assert.Equal(isLeft, thrown is null);
        Assert.True(isLeft || StorageFailure.Is(thrown!, Token), $"{thrown}");
    }

    private static ServiceProvider Services()
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder()
            .AddInMemoryCollection([new("AzureWebJobsStorage", "UseDevelopmentStorage=true")]).Build());
        services.AddLogging();
        services.AddNanodetCoordinator().AddNanodetWorker();
        services.AddSingleton(provider =>
        {
            var transport = new HttpClientTransport(new Away());
            var (blobs, queues) = (new BlobClientOptions { Transport = transport }, new QueueClientOptions { Transport = transport });
            (blobs.Retry.MaxRetries, queues.Retry.MaxRetries) = (0, 0);
            return new StorageClients(
                provider.GetRequiredService<IConfiguration>(),
                provider.GetRequiredService<IOptions<StorageOptions>>(),
                credential: null,
                blobs,
                queues);
        });
        return services.BuildServiceProvider();
    }

    private sealed class Away : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            throw new HttpRequestException("No route to host.");
    }
}
