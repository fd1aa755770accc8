using System.Security.Cryptography;
using Nanodet.Detection.Description;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Forms;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Inference;

public sealed class FormLoaderTests : IDisposable
{
    private static readonly ModelOptions OnCpu = new() { Provider = ExecutionProvider.Cpu, ConcurrentRuns = 2 };

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nanodet-forms-");
    private readonly List<NanodetModel> _loaded = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _loaded.ForEach(model => model.Dispose());
        _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData(30, 20, ModelForm.CpuInt8, "int8 is 1.50 times as fast as float32 on P")]
    [InlineData(20, 30, ModelForm.CpuFloat32, "int8 is slower: 0.67 times as fast as float32 on P")]
    [InlineData(
        102, 100, ModelForm.CpuFloat32, "int8 is 1.02 times as fast as float32 on P, and has to be 1.05 times to be worth its accuracy")]
    public void Load_BothOnACpu_KeepsTheFasterOneAndSaysWhy(double float32, double int8, ModelForm expected, string reason)
    {
        var model = Load(OnCpu, measured: new FormMeasurement(float32, int8, 9, 2, "P"));

        Assert.Equal((expected, reason, 9), (model.Form!.Form, model.Form.Reason, model.Form.Measured!.Rounds));
        Assert.Equal(FormNames.PrecisionOf(expected), model.Description.Precision);
        Assert.Equal([!ReferenceEquals(_loaded[0], model), !ReferenceEquals(_loaded[1], model)], _loaded.Select(each => each.IsGone));
    }

    [Fact]
    public void Load_BothOnACpuForReal_IsWhatTheMeasurementSays()
    {
        var choice = Load(OnCpu).Form!;

        Assert.Equal(choice.Measured!.IsWorthIt ? ModelForm.CpuInt8 : ModelForm.CpuFloat32, choice.Form);
        Assert.InRange(choice.Measured.Rounds, 3, 15);
        Assert.Equal(2, choice.Measured.ConcurrentRuns);
    }

    [Theory]
    [InlineData(PrecisionChoice.Float32, ModelForm.CpuFloat32, "set to float32")]
    [InlineData(PrecisionChoice.Int8, ModelForm.CpuInt8, "set to int8")]
    [InlineData(PrecisionChoice.Float16, ModelForm.GpuFloat16, "set to float16")]
    public void Load_PrecisionSet_IsTakenWithoutMeasuring(PrecisionChoice wanted, ModelForm expected, string reason)
    {
        var model = Load(OnCpu with { Precision = wanted }, measured: null);

        Assert.Equal(new FormChoice(expected, reason), model.Form);
        Assert.Single(_loaded);
    }

    [Fact]
    public void Load_EightBitsThatFailTheirFixture_ServesFloat32AndSaysSo()
    {
        var model = Load(OnCpu, int8: Form("int8") with { Gain = 3, Bias = 9, Bin = 3 }, measured: new FormMeasurement(9, 1, 3, 1, "P"));

        Assert.Equal(ModelForm.CpuFloat32, model.Form!.Form);
        Assert.StartsWith("cpu-int8 cannot serve here: nanodet.parity: expected", model.Form.Reason, StringComparison.Ordinal);
        Assert.Null(model.Form.Measured);
        Assert.True(_loaded[1].IsGone);
    }

    [Fact]
    public void Load_GpuThatRefuses_TakesTheFormsOfTheCpuAndKeepsTheReason()
    {
        var model = Load(
            OnCpu with { Provider = ExecutionProvider.Auto }, isOnGpu: true, measured: new FormMeasurement(20, 30, 9, 2, "P"));

        Assert.Equal(
            [ParityPrecision.Half, ParityPrecision.Full, ParityPrecision.Int8], _loaded.Select(each => each.Description.Precision));
        Assert.Equal([true, false, true], _loaded.Select(each => each.IsGone));
        Assert.Equal(ModelForm.CpuFloat32, model.Form!.Form);
        Assert.Equal(_loaded[0].Provider.FallbackReason, model.Provider.FallbackReason);
    }

    [Fact]
    public void LoadBest_FilesWithAList_TakesTheFormAndTheVersionOfTheSet()
    {
        var path = WriteForms(out var manifest);

        using var model = NanodetModel.LoadBest(path, OnCpu with { Precision = PrecisionChoice.Int8 }, Token);
        using var detector = Detector.Load(path, model: OnCpu with { Precision = PrecisionChoice.Float32 });

        Assert.Equal((ParityPrecision.Int8, manifest.Version), (model.Description.Precision, model.Version));
        Assert.Equal((manifest.Primary.Sha256, manifest.Version), (detector.Model.Sha256, detector.Model.Version));
    }

    [Fact]
    public void LoadBest_FileWithoutAList_IsThatFile()
    {
        var path = Path.Combine(_folder.FullName, "single.onnx");
        File.WriteAllBytes(path, Form(null).Build());

        using var model = NanodetModel.LoadBest(path, OnCpu, Token);

        Assert.Null(model.Form);
        Assert.Equal(model.Sha256[..12], model.Version);
    }

    [Fact]
    public void LoadBest_FormThatIsNotTheListedOne_IsRefused()
    {
        var path = WriteForms(out _);
        var int8 = FormManifest.FileOf(path, ModelForm.CpuInt8);
        var length = new FileInfo(int8).Length;
        AssertRefused(ModelErrorCodes.Corrupt, () => File.WriteAllBytes(int8, Form("int8").Build()[..^1]));
        AssertRefused(ModelErrorCodes.Corrupt, () => File.WriteAllBytes(int8, (Form("int8") with { Gain = 21 }).Build()));
        AssertRefused(ModelErrorCodes.NotFound, () => File.Delete(int8));

        void AssertRefused(string code, Action damage)
        {
            damage();
            var exception = Assert.Throws<ModelLoadException>(
                () => NanodetModel.LoadBest(path, OnCpu with { Precision = PrecisionChoice.Int8 }, Token));
            Assert.Equal(code, exception.Code);
            Assert.Contains(int8, exception.Message, StringComparison.Ordinal);
        }

        Assert.Equal(length, (Form("int8") with { Gain = 21 }).Build().Length);
    }

    [Fact]
    public void Load_SingleFileOfAnotherPrecision_IsRefused()
    {
        var exception = Assert.Throws<ModelLoadException>(
            () => NanodetModel.Load(Form(null).Build(), OnCpu with { Precision = PrecisionChoice.Int8 }));

        Assert.Equal(ModelErrorCodes.PrecisionUnavailable, exception.Code);
        Assert.Contains("in int8, as the settings ask, found fp32", exception.Message, StringComparison.Ordinal);
    }

    private static OnnxTestModel Form(string? precision) => new()
    {
        Metadata = new Dictionary<string, string?>
        {
            ["nanodet.precision"] = precision,
            ["nanodet.parity"] = Fixture,
        },
    };

    private static string Fixture { get; } = ParityFixture.Compute(new OnnxTestModel().Build());

    private NanodetModel Load(
        ModelOptions options, OnnxTestModel? int8 = null, bool? isOnGpu = null, FormMeasurement? measured = null) => new FormLoader(
            Forms.FormPlanTests.Manifest(Enum.GetValues<ModelForm>()),
            options,
            (form, how, fallbackReason) =>
            {
                var onnx = form switch
                {
                    ModelForm.CpuInt8 => int8 ?? Form("int8"),
                    ModelForm.GpuFloat16 => Form("fp16"),
                    _ => Form(null),
                };
                var model = NanodetModel.Load(
                    onnx.Build(), how with { Provider = ExecutionProvider.Cpu }, () => null, fallbackReason: fallbackReason ?? "no GPU");
                _loaded.Add(model);
                return model;
            },
            TimeProvider.System,
            isOnGpu,
            measured is null ? null : (_, _) => measured).Load(Token);

    private string WriteForms(out FormManifest manifest)
    {
        var path = Path.Combine(_folder.FullName, "model.onnx");
        var entries = new List<FormEntry>();
        foreach (var (form, precision) in new[] { (ModelForm.CpuFloat32, null), (ModelForm.CpuInt8, "int8") })
        {
            var bytes = Form(precision).Build();
            File.WriteAllBytes(FormManifest.FileOf(path, form), bytes);
            entries.Add(new FormEntry(form, Convert.ToHexStringLower(SHA256.HashData(bytes)), bytes.Length));
        }

        manifest = new FormManifest(entries);
        File.WriteAllBytes(FormManifest.NameOf(path), manifest.ToUtf8Json());
        return path;
    }
}
