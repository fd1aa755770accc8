using System.Text.Json;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;

namespace Nanodet.Serverless.EndToEnd.Tests;

/// <summary>An app whose model is missing, corrupt or wrong, and then repaired.</summary>
public sealed class ModelTests
{
    [Fact]
    public async Task Health_ModelMissingThenCorruptThenDifferingThenRepaired_SaysWhyAndLosesNoImage()
    {
        await using var deployment = await Deployment.CreateAsync();
        var app = await deployment.StartAsync(
            "all",
            ("Nanodet__Orchestrations__BatchWait", "00:00:01"),
            ("Nanodet__Orchestrations__LongestBatchWait", "00:00:02"));
        await deployment.Images.UploadAsync(SampleImages.Good(25));

        await SaysAsync(app, "model_not_found");
        using (var content = new ByteArrayContent(SampleImages.Good(1).Single().Bytes))
        {
            var (status, problem) = await app.SendAsync(HttpMethod.Post, "api/detect", content);
            Assert.Equal((503, "model_not_ready"), ((int)status, problem.GetProperty("code").GetString()));
        }

        await deployment.PublishAsync("no model"u8.ToArray(), "1");
        await SaysAsync(app, "not_an_onnx_model");
        await deployment.PublishAsync(TestModel.Good, "2", new string('0', 64));
        await SaysAsync(app, "model_corrupt");
        await deployment.PublishAsync(TestModel.Differing, "3");
        await SaysAsync(app, "parity_failed");
        Assert.Equal(0, await deployment.CountRecordsAsync());

        await deployment.PublishAsync(TestModel.Good, "4");
        await app.IsReadyAsync();
        var records = await deployment.RecordsAsync(25);

        Assert.Equal(25, records.Count);
        Assert.All(records.Values, record => Assert.Equal("4", record.Model!.Version));
        var health = await app.HealthAsync();
        Assert.Equal(25, health.GetProperty("imagesComputed").GetInt64());
        Assert.Equal(JsonValueKind.Null, health.GetProperty("code").ValueKind);
        await deployment.QueuesAreEmptyAsync();
    }

    private static async Task SaysAsync(App app, string code)
    {
        JsonElement health = default;
        await Eventually.TrueAsync(
            async () =>
            {
                health = await app.HealthAsync();
                Assert.False(health.GetProperty("ready").GetBoolean());
                return health.GetProperty("code").GetString() == code;
            },
            () => $"the app says {code}: {health}",
            20);
        Assert.NotEmpty(health.GetProperty("reason").GetString()!);
    }
}
