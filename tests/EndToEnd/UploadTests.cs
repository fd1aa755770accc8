using Nanodet.Detection.Results;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;

namespace Nanodet.Serverless.EndToEnd.Tests;

/// <summary>Uploads that polling sees too late: those of the second in which it looked.</summary>
public sealed class UploadTests
{
    private const int Burst = 120;
    private const int Drizzle = 40;

    [Fact]
    public async Task Upload_BurstAndDrizzle_EveryImageGetsItsRecordAndNoneIsComputedTwice()
    {
        await using var deployment = await Deployment.CreateAsync();
        await deployment.PublishAsync(TestModel.Good, "1");
        var app = await deployment.StartAsync("all");
        await app.IsReadyAsync();

        await deployment.Images.UploadAsync(SampleImages.Good(Burst, "burst"));
        foreach (var image in SampleImages.Good(Drizzle, "drizzle"))
        {
            await deployment.Images.UploadAsync([image]);
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, App.Cancellation);
        }

        var records = await deployment.RecordsAsync(Burst + Drizzle);

        Assert.All(records.Values, record => Assert.Equal(DetectionStatus.Detected, record.Status));
        await deployment.QueuesAreEmptyAsync();
        Assert.Equal(Burst + Drizzle, await app.ImagesComputedAsync());
    }
}
