using Azure.Storage.Blobs;
using Nanodet.Detection.Description;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Forms;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.Pipeline.Registry;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Pipeline.Tests.Registry;

/// <summary>A version with several forms: how it is published, which form serves, and what results say of it.</summary>
public sealed class ModelFormsTests(AzuriteFixture fixture)
{
    private static readonly ModelForm[] AllForms = Enum.GetValues<ModelForm>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Float32", "fp32", "cpu-fp32")]
    [InlineData("Int8", "int8", "cpu-int8")]
    [InlineData("Float16", "fp16", "gpu-fp16")]
    public async Task Publish_AllForms_ServesTheOneThatIsSetAndSaysSo(string setting, string precision, string form)
    {
        await using var app = await CreateAsync(setting);
        var set = Set(AllForms);
        var pointer = await Publisher(app).PublishAsync(set, Token);
        Assert.Equal((set.Version, set.Primary.Sha256), (pointer.Version, pointer.Sha256));
        await StartAsync(app);

        Assert.Equal(1, (await app.RunAsync(await app.UploadAsync("a.png"))).Detected);
        var model = (await app.ReadAsync("a.png"))!.Model!;
        Assert.Equal((precision, form, set.Version), (model.Precision, model.Form, model.Version));
        Assert.Equal(set.Manifest!.Find(FormNames.Find(form)!.Value)!.Sha256, model.Sha256);
        Assert.Equal((form, $"set to {setting.ToLowerInvariant()}"), (FormNames.Of(app.Model.Status.Form!.Form), app.Model.Status.Form.Reason));

        var listed = Assert.Single(await Publisher(app).ListAsync(Token));
        Assert.Equal(FormNames.All, listed.Forms);
        Assert.True(listed.IsCurrent);
    }

    [Fact]
    public async Task Start_AutoOnACpu_MeasuresAndServesTheFasterOneWithoutFetchingTheOthers()
    {
        await using var app = await CreateAsync("Auto", provider: "Cpu");
        var set = Set(AllForms);
        await Publisher(app).PublishAsync(set, Token);
        await StartAsync(app);

        var choice = app.Model.Status.Form!;
        Assert.Equal(choice.Measured!.IsWorthIt ? ModelForm.CpuInt8 : ModelForm.CpuFloat32, choice.Form);
        Assert.Equal(
            new[] { ModelForm.CpuFloat32, ModelForm.CpuInt8 }.Select(form => $"{set.Manifest!.Find(form)!.Sha256}.onnx").Order(),
            Directory.GetFiles(app.CacheFolder, "*.onnx").Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task Start_PrecisionThatTheModelDoesNotHave_IsNotReadyAndSaysWhich()
    {
        await using var app = await CreateAsync("Int8");
        await Publisher(app).PublishAsync(TestModel.Bytes, null, "v1", Token);
        await app.Model.StartAsync(Token);
        await Poll.UntilAsync(() => app.Model.Status.Code == ModelErrorCodes.PrecisionUnavailable, $"{app.Model.Status}", Token);

        Assert.Contains("in int8, as the settings ask, found fp32", app.Model.Status.Reason, StringComparison.Ordinal);
        await Publisher(app).PublishAsync(Set([ModelForm.CpuFloat32, ModelForm.CpuInt8]), Token);
        await app.UntilReadyAsync();
        Assert.Equal("int8", app.Model.Status.Model!.Precision);
    }

    [Fact]
    public async Task Publish_FormsOfTheServingFile_AreTakenWithoutARestart()
    {
        await using var app = await CreateAsync("Auto");
        var single = await Publisher(app).PublishAsync(Verified(ModelForm.CpuFloat32).Onnx.ToArray(), null, null, Token);
        await StartAsync(app);
        Assert.Null(app.Model.Status.Form);

        var pointer = await Publisher(app).PublishAsync(Set([ModelForm.CpuFloat32, ModelForm.GpuFloat32]), Token);
        Assert.Equal(single.Sha256, pointer.Sha256);
        Assert.NotEqual(single.Version, pointer.Version);
        await Poll.UntilAsync(() => app.Model.Status.Form is not null, $"{app.Model.Status}", Token);
        Assert.Equal(pointer.Version, app.Model.Status.Model!.Version);
    }

    [Fact]
    public async Task Process_RequestThatNamesTheFile_GetsItsPrecisionAndANameGetsTheWarmForm()
    {
        await using var app = await CreateAsync("Int8");
        var set = Set([ModelForm.CpuFloat32, ModelForm.CpuInt8]);
        await Publisher(app).PublishAsync(set, Token);
        await StartAsync(app);
        foreach (var (name, precision) in new[] { (set.Primary.Sha256, "fp32"), (set.Version, "int8"), ("test-plus", "int8") })
        {
            var image = await app.UploadAsync($"{name}.png");
            var named = image with { Options = new() { Model = name } };
            Assert.Equal(1, (await app.RunAsync(named)).Detected);
            Assert.Equal(precision, (await app.ReadAsync(image.Name))!.Model!.Precision);
            Assert.Equal(1, (await app.RunAsync(named with { Stamp = "again" })).Skipped);
        }
    }

    [Fact]
    public async Task Publish_SameVersionWithOtherForms_IsRefusedInBothDirections()
    {
        await using var app = await CreateAsync("Auto");
        var one = Verified(ModelForm.CpuFloat32);
        await Publisher(app).PublishAsync(one.Onnx.ToArray(), null, "v1", Token);
        await Publisher(app).PublishAsync(Set([ModelForm.CpuFloat32, ModelForm.CpuInt8], "v2"), Token);

        await AssertTakenAsync(() => Publisher(app).PublishAsync(Set([ModelForm.CpuFloat32, ModelForm.CpuInt8], "v1"), Token));
        await AssertTakenAsync(() => Publisher(app).PublishAsync(Set([ModelForm.CpuFloat32, ModelForm.GpuFloat32], "v2"), Token));
        await AssertTakenAsync(() => Publisher(app).PublishAsync(one.Onnx.ToArray(), null, "v2", Token));
        Assert.Equal("test-plus/v2", (await Publisher(app).FindCurrentAsync(Token))!.Id);

        // The same forms again are the same version.
        await Publisher(app).PublishAsync(Set([ModelForm.CpuFloat32, ModelForm.CpuInt8], "v2"), Token);
    }

    [Fact]
    public async Task Publish_AfterATryThatEndedHalfWay_FinishesTheVersion()
    {
        await using var app = await CreateAsync("Int8");
        var set = Set([ModelForm.CpuFloat32, ModelForm.CpuInt8]);
        var pointer = ModelRegistry.PointerTo(set);
        await Blob(app, FormManifest.NameOf(pointer.Blob)).UploadAsync(BinaryData.FromBytes(set.Manifest!.ToUtf8Json()), Token);
        Assert.Empty(await Publisher(app).ListAsync(Token));

        await Publisher(app).PublishAsync(set, Token);
        await StartAsync(app);
        Assert.Equal(ModelForm.CpuInt8, app.Model.Status.Form!.Form);
    }

    [Fact]
    public async Task Rollback_SeveralForms_VerifiesEachAndTakesAll()
    {
        await using var app = await CreateAsync("Int8");
        var set = Set([ModelForm.CpuFloat32, ModelForm.CpuInt8], "v1");
        var first = await Publisher(app).PublishAsync(set, Token);
        await Publisher(app).PublishAsync(TestModel.Bytes, null, "v2", Token);
        var int8 = Blob(app, FormManifest.FileOf(first.Blob, ModelForm.CpuInt8));
        var good = (await int8.DownloadContentAsync(Token)).Value.Content;

        await int8.UploadAsync(BinaryData.FromBytes(Verified(ModelForm.GpuFloat16).Onnx), overwrite: true, Token);
        Assert.Equal(
            ModelErrorCodes.Corrupt,
            (await Assert.ThrowsAsync<ModelLoadException>(() => Publisher(app).RollbackAsync(null, Token))).Code);
        Assert.Equal("test-plus/v2", (await Publisher(app).FindCurrentAsync(Token))!.Id);

        await int8.UploadAsync(good, overwrite: true, Token);
        Assert.Equal((first.Id, first.Sha256), ((await Publisher(app).RollbackAsync(null, Token)).Id, first.Sha256));
        await StartAsync(app);
        Assert.Equal((ModelForm.CpuInt8, "v1"), (app.Model.Status.Form!.Form, app.Model.Status.Model!.Version));
    }

    [Fact]
    public async Task Start_ListOfAnotherModel_IsNotReadyAndSaysSo()
    {
        await using var app = await CreateAsync("Auto");
        var pointer = await Publisher(app).PublishAsync(TestModel.Bytes, null, "v1", Token);
        await Blob(app, FormManifest.NameOf(pointer.Blob)).UploadAsync(
            BinaryData.FromBytes(Set([ModelForm.CpuFloat32, ModelForm.CpuInt8]).Manifest!.ToUtf8Json()), Token);
        await app.Model.StartAsync(Token);
        await Poll.UntilAsync(() => app.Model.Status.Code == ModelErrorCodes.Corrupt, $"{app.Model.Status}", Token);
        Assert.Contains("model.forms.json", app.Model.Status.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Set_FormsOfDifferentModels_AreRefused()
    {
        var other = VerifiedModel.Verify(Build("int8", "other"));

        Assert.Contains("expected the same name", Refused(ModelForm.CpuInt8, other), StringComparison.Ordinal);
        Assert.Contains("in fp16, found int8", Refused(ModelForm.GpuFloat16, Verified(ModelForm.CpuInt8)), StringComparison.Ordinal);

        static string Refused(ModelForm form, VerifiedModel model) => Assert.Throws<ModelLoadException>(() => new VerifiedModelSet(
            new Dictionary<ModelForm, VerifiedModel> { [ModelForm.CpuFloat32] = Verified(ModelForm.CpuFloat32), [form] = model })).Message;
    }

    private static ModelPublisher Publisher(TestApp app) => app.Get<ModelPublisher>();

    private static BlobClient Blob(TestApp app, string name) => app.Models.GetBlobClient(name);

    private Task<TestApp> CreateAsync(string precision, string provider = "Cpu") => TestApp.CreateAsync(fixture, new Dictionary<string, string?>
    {
        ["Nanodet:Model:Precision"] = precision,
        ["Nanodet:Model:Provider"] = provider,
        ["Nanodet:Model:PollInterval"] = "00:00:00.100",
    });

    private static async Task StartAsync(TestApp app)
    {
        await app.Model.StartAsync(Token);
        await app.UntilReadyAsync();
    }

    private static async Task AssertTakenAsync(Func<Task> publish) => Assert.Equal(
        PipelineErrorCodes.VersionTaken, (await Assert.ThrowsAsync<PipelineException>(publish)).Code);

    private static VerifiedModelSet Set(IEnumerable<ModelForm> forms, string? version = null) =>
        new(forms.ToDictionary(form => form, Verified), version);

    /// <summary>A form by its label; the graph computes in float32 in each of them.</summary>
    private static VerifiedModel Verified(ModelForm form) => VerifiedModel.Verify(Build(
        form == ModelForm.CpuFloat32 ? null : FormNames.Of(FormNames.PrecisionOf(form)), "test-plus", FormNames.Of(form)));

    private static byte[] Build(string? precision, string name, string exporter = "a test")
    {
        var model = new OnnxTestModel { Name = name };
        return (model with
        {
            Metadata = new Dictionary<string, string?>
            {
                ["nanodet.precision"] = precision,
                ["nanodet.exporter"] = exporter,
                ["nanodet.parity"] = ParityFixture.Compute(model.Build()),
            },
        }).Build();
    }
}
