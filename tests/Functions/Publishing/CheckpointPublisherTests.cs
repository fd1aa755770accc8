using System.Security.Cryptography;
using System.Text;
using Nanodet.Checkpoints.Export;
using Nanodet.Checkpoints.Torch;
using Nanodet.Detection.Description;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.Checkpoints.Tests;
using Nanodet.Serverless.Checkpoints.Tests.Export;
using Nanodet.Serverless.Functions.Publishing;
using Nanodet.Serverless.Pipeline;
using Nanodet.Serverless.Pipeline.Publishing;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Functions.Tests.Publishing;

/// <summary>Checkpoints in real storage, converted, verified and promoted.</summary>
public sealed class CheckpointPublisherTests(AzuriteFixture fixture)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("tiny", "tiny")]
    [InlineData("team a/run.2/tiny", "tiny")]
    public async Task Publish_CompletePair_BecomesTheCurrentModelAndIsReported(string stem, string name)
    {
        await using var app = await PublishingApp.CreateAsync(fixture);

        var outcome = await app.PublishAsync(stem, PublishingApp.Checkpoint, PublishingApp.Config);

        var pointer = (await app.Models.FindCurrentAsync(Token))!;
        Assert.Equal((PublishStatus.Published, pointer.Id, null), (outcome.Status, outcome.Model, outcome.Code));
        Assert.Equal(name, pointer.Name);
        var onnx = (await app.Container("models").GetBlobClient(pointer.Blob).DownloadContentAsync(Token)).Value.Content.ToArray();
        Assert.Equal(Hash(onnx), pointer.Sha256);
        using var model = NanodetModel.Load(onnx);
        Assert.True(ParityFixture.Verify(model).HasFixture);

        var report = (await app.ReportAsync(stem))!;
        Assert.Equal((pointer.Version, pointer.Sha256, pointer.Blob), (report.Model!.Version, report.Model.Sha256, report.Model.Blob));
        Assert.Equal((Hash(PublishingApp.Checkpoint), Hash(PublishingApp.Config)), (report.Model.CheckpointSha256, report.Model.ConfigSha256));
        Assert.Equal((onnx.LongLength, 2, 64, 64), (report.Model.Bytes, report.Model.Classes, report.Model.InputWidth, report.Model.InputHeight));
        Assert.InRange(report.Model.ParityValues, 100, 4096);
        Assert.InRange(report.Model.LargestDifference, 0, 1e-3f);
        Assert.Equal(($"{stem}.pth", PublishingApp.Checkpoint.LongLength), (report.Checkpoint!.Name, report.Checkpoint.Bytes));
        Assert.Null(report.Error);
    }

    [Theory]
    [InlineData("fp16", false)]
    [InlineData("int8", true)]
    public async Task Publish_ConfigThatAsksForAPrecision_BecomesThat(string precision, bool withPhotos)
    {
        await using var app = await PublishingApp.CreateAsync(fixture);
        var images = app.Container("images");
        if (withPhotos)
        {
            for (var i = 0; i < 3; i++)
            {
                await images.UploadBlobAsync($"calibration/{i}.png", BinaryData.FromBytes(TestImages.Noise(60, 60, i)), Token);
            }

            await images.UploadBlobAsync("calibration/x.txt", BinaryData.FromString("no photo"), Token);
        }

        byte[] config = [.. PublishingApp.Config, .. Encoding.UTF8.GetBytes(
            $"\nconversion:\n  precision: {precision}\n{(withPhotos ? $"  calibration: {images.Name}/calibration/\n" : "")}")];

        var outcome = await app.PublishAsync("tiny", PublishingApp.Checkpoint, config);
        Assert.True(outcome.Status == PublishStatus.Published, (await app.ReportAsync("tiny"))!.Error?.Message);

        var report = (await app.ReportAsync("tiny"))!;
        Assert.Equal(precision, report.Model!.Precision);
        var onnx = (await app.Container("models").GetBlobClient(report.Model.Blob).DownloadContentAsync(Token)).Value.Content.ToArray();
        using var model = NanodetModel.Load(onnx);
        Assert.Equal(withPhotos ? ParityPrecision.Int8 : ParityPrecision.Half, model.Description.Precision);
        Assert.Equal(withPhotos, report.Notes.Any(note => note.Contains("x.txt", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Publish_ConfigThatAsksForForms_PublishesAllOfThemTogether()
    {
        await using var app = await PublishingApp.CreateAsync(fixture, precision: "Fp16");
        var images = app.Container("images");
        for (var i = 0; i < 3; i++)
        {
            await images.UploadBlobAsync($"calibration/{i}.png", BinaryData.FromBytes(TestImages.Noise(60, 60, i)), Token);
        }

        byte[] config = [.. PublishingApp.Config, .. Encoding.UTF8.GetBytes(
            $"\nconversion:\n  forms: [cpu-int8, gpu-fp16]\n  calibration: {images.Name}/calibration/\n")];

        var outcome = await app.PublishAsync("tiny", PublishingApp.Checkpoint, config);
        Assert.True(outcome.Status == PublishStatus.Published, (await app.ReportAsync("tiny"))!.Error?.Message);

        var report = (await app.ReportAsync("tiny"))!;
        Assert.Equal(["cpu-fp32", "cpu-int8", "gpu-fp16"], report.Model!.Forms);
        Assert.Equal("fp32", report.Model.Precision);
        Assert.Contains(report.Notes, note => note.Contains(" times as fast as float32 on ", StringComparison.Ordinal));
        Assert.Equal(report.Model.Forms, Assert.Single(await app.Models.ListAsync(Token)).Forms);
        Assert.Equal((report.Model.Version, report.Model.Sha256), ((await app.Models.FindCurrentAsync(Token))!.Version, (await app.Models.FindCurrentAsync(Token))!.Sha256));

        // The same checkpoint and config make the same version.
        Assert.Equal(outcome.Model, (await app.PublishAsync("again/tiny", PublishingApp.Checkpoint, config)).Model);
    }

    [Theory]
    [InlineData("", "calibration_missing")]
    [InlineData("  calibration: nowhere-at-all/\n", "no_images")]
    [InlineData("  calibration: noslash\n", "no_images")]
    public async Task Publish_EightBitsWithoutPhotos_IsRefusedAndReported(string calibration, string code)
    {
        await using var app = await PublishingApp.CreateAsync(fixture, precision: "Int8");
        byte[] config = [.. PublishingApp.Config, .. Encoding.UTF8.GetBytes(calibration.Length == 0 ? "" : $"\nconversion:\n{calibration}")];

        Assert.Equal((PublishStatus.Refused, code), await OutcomeAsync());
        Assert.Equal(code, (await app.ReportAsync("tiny"))!.Error!.Code);

        async Task<(PublishStatus, string?)> OutcomeAsync()
        {
            var outcome = await app.PublishAsync("tiny", PublishingApp.Checkpoint, config);
            return (outcome.Status, outcome.Code);
        }
    }

    [Fact]
    public async Task Publish_SamePairAgain_ChangesNothing()
    {
        await using var app = await PublishingApp.CreateAsync(fixture);
        var first = await app.PublishAsync("tiny", PublishingApp.Checkpoint, PublishingApp.Config);
        var other = await app.PublishAsync("other", PublishingApp.Checkpoint, PublishingApp.Config);
        var before = await EtagsAsync(app);

        // After another model became current, a late duplicate must not bring the first one back.
        Assert.Equal(first, await app.PublishAsync("tiny"));

        Assert.Equal(before, await EtagsAsync(app));
        Assert.Equal(other.Model, (await app.Models.FindCurrentAsync(Token))!.Id);
    }

    [Fact]
    public async Task Publish_SamePairTwiceAtOnce_PublishesOnce()
    {
        await using var app = await PublishingApp.CreateAsync(fixture);
        await app.UploadAsync("tiny.pth", PublishingApp.Checkpoint);
        await app.UploadAsync("tiny.yml", PublishingApp.Config);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => app.PublishAsync("tiny")));

        Assert.Single(outcomes.Distinct());
        Assert.Single(await app.Models.ListAsync(Token));
        Assert.Null((await app.Models.FindCurrentAsync(Token))!.Previous);
    }

    [Theory]
    [InlineData("text", "not_a_checkpoint")]
    [InlineData("half", "truncated_checkpoint")]
    [InlineData("os.system", "unsafe_pickle")]
    [InlineData("tensor missing", "incomplete_checkpoint")]
    [InlineData("infinite weight", "invalid_weights")]
    [InlineData("whole module", "unsupported_checkpoint")]
    [InlineData("config of another model", "incomplete_checkpoint")]
    [InlineData("config that is none", "invalid_config")]
    [InlineData("raw head", "model_without_detections")]
    public async Task Publish_UnfitPair_IsReportedAndTheOldModelStays(string kind, string code)
    {
        await using var app = await PublishingApp.CreateAsync(fixture);
        var old = await app.PublishAsync("tiny", PublishingApp.Checkpoint, PublishingApp.Config);
        var (checkpoint, config) = Unfit(kind);

        var outcome = await app.PublishAsync("tiny", checkpoint, config);

        Assert.Equal((PublishStatus.Refused, null, code), (outcome.Status, outcome.Model, outcome.Code));
        Assert.Equal(old.Model, (await app.Models.FindCurrentAsync(Token))!.Id);
        Assert.Single(await app.Models.ListAsync(Token));
        var report = (await app.ReportAsync("tiny"))!;
        Assert.Equal((code, old.Model), (report.Error!.Code, report.Current));
        Assert.InRange(report.Error.Message.Length, 20, 8003);
        Assert.Null(report.Model);

        // Mended by overwriting either of them.
        Assert.Equal(PublishStatus.Published, (await app.PublishAsync("tiny", PublishingApp.Checkpoint, PublishingApp.Config)).Status);
        Assert.Null((await app.ReportAsync("tiny"))!.Error);
    }

    [Theory]
    [InlineData("tiny.pth", "config_missing", "tiny.yml")]
    [InlineData("tiny.yml", "checkpoint_missing", "tiny.pth")]
    public async Task Publish_OneIsMissing_IsReportedUntilItComes(string first, string code, string second)
    {
        await using var app = await PublishingApp.CreateAsync(fixture);
        await app.UploadAsync(first, first.EndsWith(".pth", StringComparison.Ordinal) ? PublishingApp.Checkpoint : PublishingApp.Config);
        var alone = await app.FindAsync("tiny");
        Assert.Equal(code, (await app.PublishAsync("tiny")).Code);
        Assert.Contains(second, (await app.ReportAsync("tiny"))!.Error!.Message, StringComparison.Ordinal);

        await app.UploadAsync(second, second.EndsWith(".pth", StringComparison.Ordinal) ? PublishingApp.Checkpoint : PublishingApp.Config);
        Assert.Equal(PublishStatus.Published, (await app.PublishAsync("tiny")).Status);

        // What woke up late does not replace the report of the whole pair.
        Assert.Equal(PublishOutcome.None, await app.Publisher.PublishAsync(alone, Token));
        Assert.Equal(PublishStatus.Published, (await app.ReportAsync("tiny"))!.Status);
    }

    [Fact]
    public async Task Publish_TooLarge_IsRefusedBySize()
    {
        await using var app = await PublishingApp.CreateAsync(fixture, maxBytes: 1024);

        Assert.Equal("checkpoint_too_large", (await app.PublishAsync("big", new byte[1025], PublishingApp.Config)).Code);

        Assert.Contains("at most 1024 bytes, found 1025", (await app.ReportAsync("big"))!.Error!.Message, StringComparison.Ordinal);
        Assert.Equal("checkpoint_too_large", (await app.PublishAsync("yml", [1], new byte[(1 << 20) + 1])).Code);
    }

    [Fact]
    public async Task Publish_OverwrittenMeanwhile_IsLeftToItsSuccessor()
    {
        await using var app = await PublishingApp.CreateAsync(fixture);
        await app.UploadAsync("tiny.pth", PublishingApp.Checkpoint);
        await app.UploadAsync("tiny.yml", PublishingApp.Config);
        var old = await app.FindAsync("tiny");
        await app.UploadAsync("tiny.yml", TinyModel.PlusConfig(("left", "links")));

        Assert.Equal(PublishOutcome.None, await app.Publisher.PublishAsync(old, Token));
        Assert.Null(await app.Store.ReadAsync(old, Token));
        Assert.Equal(PublishOutcome.None, await app.Publisher.ReportFailureAsync(old, "late", Token));

        Assert.Null(await app.ReportAsync("tiny"));
        Assert.Null(await app.Models.FindCurrentAsync(Token));
        Assert.Equal(PublishStatus.Published, (await app.PublishAsync("tiny")).Status);
    }

    [Fact]
    public async Task ReportFailure_CurrentPair_SaysWhy()
    {
        await using var app = await PublishingApp.CreateAsync(fixture);
        await app.UploadAsync("tiny.pth", PublishingApp.Checkpoint);
        await app.UploadAsync("tiny.yml", PublishingApp.Config);

        var outcome = await app.Publisher.ReportFailureAsync(await app.FindAsync("tiny"), "storage was away", Token);

        Assert.Equal(CheckpointPublisher.Unexpected, outcome.Code);
        Assert.Equal(
            "storage was away (more in the app's log: Application Insights of the function app, or its log stream)", (await app.ReportAsync("tiny"))!.Error!.Message);
    }

    [Fact]
    public async Task Publish_SeveralCheckpointsOfOneStem_TakesTheLatest()
    {
        await using var app = await PublishingApp.CreateAsync(fixture);
        await app.UploadAsync("tiny.ckpt", "old"u8.ToArray());
        await app.UploadAsync("tiny.yml", PublishingApp.Config);
        Assert.Equal("not_a_checkpoint", (await app.PublishAsync("tiny")).Code);

        // Storage keeps whole seconds: in the same one the greater name is the later.
        await app.UploadAsync("tiny.pth", PublishingApp.Checkpoint);
        Assert.Equal(PublishStatus.Published, (await app.PublishAsync("tiny")).Status);
        Assert.Equal("tiny.pth", (await app.ReportAsync("tiny"))!.Checkpoint!.Name);
    }

    [Fact]
    public async Task ModelPublisher_PointerMovesBeforePromotion_IsRefusedAndLosesNothing()
    {
        await using var app = await PublishingApp.CreateAsync(fixture);
        await app.PublishAsync("tiny", PublishingApp.Checkpoint, PublishingApp.Config);
        var other = TinyModel.PlusConfig(("left", "links"));
        var verified = new VerifiedModelSet(VerifiedModel.Verify(
            ModelExporter.Export(PublishingApp.Checkpoint, PublishingApp.Config, "mine").WithParity(ParityFixture.Compute).Onnx, null, null));

        var refused = await Assert.ThrowsAsync<PipelineException>(() => app.Models.PublishAsync(
            verified,
            async _ =>
            {
                await app.PublishAsync("other", PublishingApp.Checkpoint, other);
                return true;
            },
            Token));

        Assert.Equal(PipelineErrorCodes.PointerMoved, refused.Code);
        Assert.Equal("other", (await app.Models.FindCurrentAsync(Token))!.Name);
        Assert.Null(await app.Models.PublishAsync(verified, _ => Task.FromResult(false), Token));
        Assert.Equal("other", (await app.Models.FindCurrentAsync(Token))!.Name);
    }

    private static (byte[] Checkpoint, byte[] Config) Unfit(string kind) => kind switch
    {
        "text" => ("hello"u8.ToArray(), PublishingApp.Config),
        "half" => (PublishingApp.Checkpoint[..(PublishingApp.Checkpoint.Length / 2)], PublishingApp.Config),
        "os.system" => ([.. LegacyMagic, 0x80, 2, .. "cos\nsystem\n(X\x04\0\0\0truetR."u8], PublishingApp.Config),
        "tensor missing" => (CheckpointFile.Write(CheckpointFile.Tensors(PublishingApp.Config)[1..]), PublishingApp.Config),
        "infinite weight" => (CheckpointFile.Write(Infinite(CheckpointFile.Tensors(PublishingApp.Config))), PublishingApp.Config),
        "whole module" => (
            [.. LegacyMagic, 0x80, 2, .. "N."u8, 0x80, 2, .. "N."u8, 0x80, 2, .. "capp\nNet\n)"u8, 0x81,
                .. "}(X\x0b\0\0\0_parameters}X\x08\0\0\0_modules}ub."u8, 0x80, 2, .. "]."u8],
            PublishingApp.Config),
        "config of another model" => (PublishingApp.Checkpoint, TinyModel.Config()),
        "config that is none" => (PublishingApp.Checkpoint, "model: 1"u8.ToArray()),
        _ => (CheckpointFile.Write(CheckpointFile.Tensors(RawConfig)), RawConfig),
    };

    private static List<TorchTensorData> Infinite(List<TorchTensorData> tensors)
    {
        var last = tensors[^1];
        byte[] bytes = [0, 0, 0x80, 0x7f, .. last.Bytes.Span[4..]];
        tensors[^1] = last with { Bytes = bytes };
        return tensors;
    }

    private static byte[] LegacyMagic { get; } = [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, (byte)'.'];

    private static byte[] RawConfig { get; } = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(TinyModel.Config())
        .Replace("NanoDetHead", "SimpleConvHead", StringComparison.Ordinal));

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static async Task<List<string>> EtagsAsync(PublishingApp app)
    {
        var etags = new List<string>();
        foreach (var container in (string[])["models", "checkpoints"])
        {
            await foreach (var blob in app.Container(container).GetBlobsAsync(cancellationToken: Token))
            {
                etags.Add($"{container}/{blob.Name} {blob.Properties.ETag}");
            }
        }

        return etags;
    }
}
