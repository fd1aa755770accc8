using System.Text;
using Nanodet.Detection.Description;
using Nanodet.Serverless.Pipeline.Registry;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Pipeline.Tests.Registry;

/// <summary>Publishing to a real storage account, and what the warm model makes of it.</summary>
public sealed class ModelPublisherTests(AzuriteFixture fixture)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static ModelPublisher Publisher(TestApp app) => app.Get<ModelPublisher>();

    [Fact]
    public async Task Publish_ForeignModelWithConfig_IsServed()
    {
        await using var app = await TestApp.CreateAsync(fixture);
        var onnx = new OnnxTestModel { HasMetadata = false }.Build();
        var refused = await Assert.ThrowsAsync<ModelLoadException>(() => Publisher(app).PublishAsync(onnx, null, "v1", Token));
        Assert.Equal(ModelErrorCodes.MetadataMissing, refused.Code);
        Assert.Null(await Publisher(app).FindCurrentAsync(Token));

        var pointer = await Publisher(app).PublishAsync(onnx, Encoding.UTF8.GetBytes(TestModel.ForeignConfig), "v1", Token);
        await app.Model.StartAsync(Token);
        await app.UntilReadyAsync();
        Assert.Equal(pointer.Sha256, app.Model.Status.Model!.Sha256);
        Assert.Equal(1, (await app.RunAsync(await app.UploadAsync("a.png"))).Detected);
    }

    [Fact]
    public async Task Rollback_ForeignModel_FindsItsConfig()
    {
        await using var app = await TestApp.CreateAsync(fixture);
        var publisher = Publisher(app);
        var first = await publisher.PublishAsync(new OnnxTestModel { HasMetadata = false }.Build(), Encoding.UTF8.GetBytes(TestModel.ForeignConfig), "v1", Token);
        var second = await publisher.PublishAsync(TestModel.Bytes, null, "v2", Token);
        Assert.Equal(first.Id, second.Previous);

        var back = await publisher.RollbackAsync(null, Token);
        Assert.Equal((first.Sha256, second.Id), (back.Sha256, back.Previous));
        Assert.Equal(2, (await publisher.ListAsync(Token)).Count);
    }

    [Fact]
    public async Task Publish_OtherConfigUnderTheSameVersion_IsRefused()
    {
        await using var app = await TestApp.CreateAsync(fixture);
        var onnx = new OnnxTestModel { HasMetadata = false }.Build();
        await Publisher(app).PublishAsync(onnx, Encoding.UTF8.GetBytes(TestModel.ForeignConfig), "v1", Token);
        var other = Encoding.UTF8.GetBytes(TestModel.ForeignConfig.Replace("'blue'", "'cyan'", StringComparison.Ordinal));
        var refused = await Assert.ThrowsAsync<PipelineException>(() => Publisher(app).PublishAsync(onnx, other, "v1", Token));
        Assert.Equal(PipelineErrorCodes.VersionTaken, refused.Code);
    }
}
