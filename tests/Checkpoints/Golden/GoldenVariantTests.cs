using System.Text.Json;
using Nanodet.Checkpoints;
using Nanodet.Checkpoints.Export;
using Nanodet.Checkpoints.StateDicts;

namespace Nanodet.Serverless.Checkpoints.Tests.Golden;

/// <summary>One model in every form of checkpoint that the official tools and PyTorch write.</summary>
public class GoldenVariantTests(ITestOutputHelper output)
{
    private const int Classes = 4;

    [Theory]
    [InlineData("ema_weights.pth", "output.npy", false, "", false, false)]
    [InlineData("lightning.ckpt", "output.npy", false, "model.", true, false)]
    [InlineData("lightning_ema.ckpt", "output.npy", true, "avg_model.", true, false)]
    [InlineData("dataparallel.pth", "output.npy", false, "module.", false, false)]
    [InlineData("half.pth", "half_output.npy", false, "", false, false)]
    [InlineData("bfloat16.pth", "bfloat16_output.npy", false, "", false, false)]
    [InlineData("double.pth", "output.npy", false, "", false, false)]
    [InlineData("channels_last.pth", "output.npy", false, "", false, false)]
    [InlineData("shared_storage.pth", "output.npy", false, "", false, false)]
    [InlineData("no_aux.pth", "output.npy", false, "", false, false)]
    [InlineData("parameters.pth", "output.npy", false, "", false, false)]
    [InlineData("extra_keys.pth", "output.npy", false, "", false, false)]
    [InlineData("legacy_nonzip.pth", "output.npy", false, "", false, false)]
    [InlineData("legacy_protocol_v0x.pth", "output.npy", false, "", true, false)]
    [InlineData("raw_state_dict.pth", "output.npy", false, "", false, true)]
    public void Export_GoodVariant_ComputesItsOutput(string file, string expectedFile, bool averaged, string prefix, bool trainer, bool bare)
    {
        var folder = GoldenFolder.Path("golden", "variants");
        var expected = GoldenArray.Read(Path.Combine(folder, expectedFile));
        var input = GoldenArray.Read(Path.Combine(folder, "..", "inputs", "random_160x160.npy"));

        var exported = Export(file);
        using var model = new CpuModel(exported.Onnx);
        var (shape, values) = model.Run(input.Values, input.Shape);

        Assert.Equal(expected.Shape, shape);
        Assert.Equal(new CheckpointForm(averaged, prefix, trainer, bare), exported.Form);
        var (scores, distances) = GoldenComparison.Assert(expected.Values, values, shape, Classes, logits: true);
        output.WriteLine($"{file}: largest difference {scores:E2} of scores, {distances:E2} of distance logits");
    }

    [Theory]
    [InlineData("bad_no_backbone.pth", CheckpointErrorCode.Incomplete, "Missing (", "All of backbone.* is missing", "never downloaded")]
    [InlineData("bad_one_missing.pth", CheckpointErrorCode.Incomplete, "Missing (1): backbone.stage3.2.branch2.3.weight.")]
    [InlineData("bad_shape.pth", CheckpointErrorCode.Incomplete, "Of another shape (8): head.gfl_cls.0.weight", "another size or class count")]
    [InlineData("bad_code_execution.pth", CheckpointErrorCode.UnsafePickle, "system", "nothing was called")]
    [InlineData("bad_truncated.pth", CheckpointErrorCode.Truncated, "Was the file copied completely?")]
    public void Export_BadVariant_IsRefused(string file, string code, params string[] words)
    {
        _ = GoldenFolder.Path();

        Refusal.Expect(code, () => Export(file), words);
    }

    [Fact]
    public void Variants_EveryFile_IsCovered()
    {
        using var variants = JsonDocument.Parse(File.ReadAllBytes(GoldenFolder.Path("golden", "variants", "variants.json")));

        var covered = new[] { nameof(Export_GoodVariant_ComputesItsOutput), nameof(Export_BadVariant_IsRefused) }
            .SelectMany(name => typeof(GoldenVariantTests).GetMethod(name)!.GetCustomAttributes(typeof(InlineDataAttribute), inherit: false))
            .Select(attribute => (string)((InlineDataAttribute)attribute).Data[0]!);
        Assert.Equal(variants.RootElement.GetProperty("files").EnumerateObject().Select(file => file.Name).Order(), covered.Order());
    }

    private static ExportedModel Export(string file)
    {
        var folder = GoldenFolder.Path("golden", "variants");
        return ModelExporter.Export(File.ReadAllBytes(Path.Combine(folder, file)), File.ReadAllBytes(Path.Combine(folder, "config.yml")), "variant");
    }
}
