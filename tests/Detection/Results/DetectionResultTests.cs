using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Filtering;
using Nanodet.Detection.Forms;
using Nanodet.Detection.Images;
using Nanodet.Detection.Inference;
using Nanodet.Detection.Results;
using Nanodet.Detection.Slicing;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Results;

public sealed class DetectionResultTests
{
    private static readonly JsonSchema Schema = JsonSchema.FromFile(
        Path.Combine(AppContext.BaseDirectory, "schemas", "detection-result.v1.schema.json"));

    private static readonly DateTimeOffset Noon = new(2026, 1, 31, 12, 0, 0, TimeSpan.FromHours(2));

    private static readonly DetectorOptions Choices = new()
    {
        Slices = new SliceOptions(Merge: SliceMerge.Greedy),
        Filter = new DetectionFilter(["c", "a;b"], [new("c", 0.5f)], [new Region([new(0, 0), new(10, 0), new(0, 10)], "cam1/*")]),
    };

    private static readonly ImageReference Blob = new("images", "cam1/0001.png", "0x8D0", 1234);

    [Fact]
    public void ToUtf8Json_Detected_IsValidAndComplete()
    {
        var json = Parse(Detect(TestImages.Rectangle(96, 64, new Rect(20, 12, 8, 8), new Bgr(255, 0, 0))));

        AssertValid(json);
        Assert.Equal(
            [
                "schemaVersion", "status", "image", "model", "options", "detections", "provider", "batchSize", "timings", "jobId", "createdUtc",
            ],
            json.AsObject().Select(pair => pair.Key));
        Assert.Equal("detected", (string?)json["status"]);
        Assert.Equal("""{"container":"images","name":"cam1/0001.png","etag":"0x8D0","bytes":1234,"width":96,"height":64}""", json["image"]!.ToJsonString());
        Assert.Equal("""{"scoreThreshold":0.35,"iouThreshold":0.6,"maxDetections":100}""", json["options"]!.ToJsonString());
        Assert.Equal("2026-01-31T10:00:00Z", (string?)json["createdUtc"]);
        var detection = Assert.Single(json["detections"]!.AsArray())!;
        Assert.Equal(["classId", "className", "score", "box"], detection.AsObject().Select(pair => pair.Key));
        Assert.Equal("""{"x":16,"y":8,"width":16,"height":16}""", detection["box"]!.ToJsonString());
    }

    [Fact]
    public void ToUtf8Json_NothingFound_IsValid()
    {
        var json = Parse(Detect(TestImages.Rectangle(96, 64, new Rect(0, 0, 0, 0), Bgr.Black)));

        AssertValid(json);
        Assert.Empty(json["detections"]!.AsArray());
    }

    [Fact]
    public void ToUtf8Json_Failed_IsValidAndHasAnErrorInPlaceOfDetections()
    {
        var json = Parse(Detect("hello"u8.ToArray()));

        AssertValid(json);
        Assert.Equal("failed", (string?)json["status"]);
        Assert.Equal(ImageErrorCodes.NotAnImage, (string?)json["error"]!["code"]);
        Assert.False(json.AsObject().ContainsKey("detections"));
        Assert.True(json["image"]!.AsObject().ContainsKey("width") && json["image"]!["width"] is null);
    }

    [Fact]
    public void ToUtf8Json_FailedBeforeAModelWasChosen_IsValid()
    {
        var result = DetectionResult.CreateFailure(new DetectionError("blob_gone", "It was deleted."), Blob with { Etag = null }, Noon, "job-1");

        var json = Parse(result);

        AssertValid(json);
        Assert.Equal("job-1", (string?)json["jobId"]);
        Assert.Null(json["model"]);
    }

    [Theory]
    [InlineData("status", "\"failed\"")]
    [InlineData("status", "\"skipped\"")]
    [InlineData("schemaVersion", "2")]
    [InlineData("surprise", "1")]
    [InlineData("provider", "\"GPU\"")]
    [InlineData("model", "null")]
    [InlineData("batchSize", "0")]
    [InlineData("detections", "null")]
    [InlineData("createdUtc", "\"yesterday\"")]
    [InlineData("error", "{\"code\":\"x\",\"message\":\"y\"}")]
    public void Schema_OtherDocument_IsInvalid(string key, string value)
    {
        var json = Parse(Detect(TestImages.Rectangle(96, 64, new Rect(20, 12, 8, 8), new Bgr(255, 0, 0))));
        json[key] = JsonNode.Parse(value);

        Assert.False(Evaluate(json).IsValid);
    }

    [Fact]
    public void ResultJson_RoundTrip_LosesNothing()
    {
        var result = Detect(TestImages.Rectangle(96, 64, new Rect(20, 12, 8, 8), new Bgr(255, 0, 0)));

        var back = DetectionResult.Parse(result.ToUtf8Json());

        Assert.Equal(result.Detections, back.Detections);
        Assert.Equal(result.ToUtf8Json(), back.ToUtf8Json());
    }

    [Fact]
    public void ComputeHash_Choices_AreTheDocumentedText()
    {
        // sha256 of "v1;scoreThreshold=0.35;iouThreshold=0.6;maxDetections=100;slices=640,0.2,greedy;classes=["a;b","c"];
        // classThresholds={"c":0.5};regions=R" in one line, R being the sha256 of the regions as JSON.
        var options = ResultOptions.From(Choices);

        Assert.Equal("c6f680507cca8f5654e8431f11a76463ec75015d7d905e497c5b5445d09cfc9b", options.ComputeHash());
        Assert.Equal(options, ResultOptions.From(Choices));
        string[] hashes =
        [
            options.ComputeHash(),
            (options with { Slices = Choices.Slices! with { Size = 641 } }).ComputeHash(),
            (options with { Slices = Choices.Slices! with { Overlap = 0.3f } }).ComputeHash(),
            (options with { Slices = Choices.Slices! with { Merge = SliceMerge.Nms } }).ComputeHash(),
            (options with { Slices = null }).ComputeHash(),
            (options with { Classes = ["c"] }).ComputeHash(),
            (options with { ClassThresholds = null }).ComputeHash(),
            (options with { Regions = null }).ComputeHash(),
        ];
        Assert.Equal(hashes.Length, hashes.Distinct().Count());
    }

    [Fact]
    public void ToUtf8Json_Choices_AreInTheOptionsAndComeBack()
    {
        using var model = NanodetModel.Load(
            new OnnxTestModel { Classes = ["c", "a;b"] }.Build(), new ModelOptions { Provider = ExecutionProvider.Cpu });
        var detector = new Detector(model, Choices);
        var outcome = detector.Detect(
            TestImages.Rectangle(96, 64, new Rect(20, 12, 8, 8), new Bgr(255, 0, 0)), TestContext.Current.CancellationToken);
        var result = DetectionResult.Create(outcome, Blob, detector, Noon);

        var json = Parse(result);

        AssertValid(json);
        Assert.Equal(
            ["scoreThreshold", "iouThreshold", "maxDetections", "slices", "classes", "classThresholds", "regions"],
            json["options"]!.AsObject().Select(pair => pair.Key));
        Assert.Equal("""{"size":640,"overlap":0.2,"merge":"greedy"}""", json["options"]!["slices"]!.ToJsonString());
        Assert.Equal(result.Options, DetectionResult.Parse(result.ToUtf8Json()).Options);
    }

    [Fact]
    public void ComputeHash_Options_AreTheDocumentedText()
    {
        // sha256 of "v1;scoreThreshold=0.35;iouThreshold=0.6;maxDetections=100"
        var options = ResultOptions.From(new DetectorOptions());

        Assert.Equal("68b37a13a2c3dc680034c45f5ac2f80c96dbfed1e85b21607e914ea56403bdc5", options.ComputeHash());
        Assert.NotEqual(options.ComputeHash(), (options with { ScoreThreshold = 0.36f }).ComputeHash());
        Assert.NotEqual(options.ComputeHash(), (options with { IouThreshold = 0.5f }).ComputeHash());
        Assert.NotEqual(options.ComputeHash(), (options with { MaxDetections = 99 }).ComputeHash());

        // sha256 of "v1;scoreThreshold=0.35;iouThreshold=0.6;maxDetections=100;fastDecode=true"
        var fast = ResultOptions.From(new DetectorOptions { FastDecode = true });
        Assert.Equal("e06d690473147f0fb778944d472e2d5faf6806e6acf392aa298450c90df72317", fast.ComputeHash());

        // sha256 of "v1;scoreThreshold=0.35;iouThreshold=0.6;maxDetections=100;tf32=true"
        Assert.Equal("8bd356f702e9b1e252bcc8f6806b9ecd02f2a1cd69aeccc83a140e9eb6a9f391", (options with { Tf32 = true }).ComputeHash());
    }

    [Theory]
    [InlineData(null, "fp32")]
    [InlineData("fp16", "fp16")]
    [InlineData("int8", "int8")]
    public void Create_EachPrecision_IsNamedByTheModel(string? metadata, string precision)
    {
        var onnx = new OnnxTestModel { Metadata = new Dictionary<string, string?> { ["nanodet.precision"] = metadata } };
        using var model = NanodetModel.Load(onnx.Build(), new ModelOptions { Provider = ExecutionProvider.Cpu });
        var single = ResultModel.From(model);
        model.Form = new FormChoice(ModelForm.CpuInt8, "a test says so");
        var formed = ResultModel.From(model);

        Assert.Equal((precision, null), (single.Precision, single.Form));
        Assert.Equal((precision, "cpu-int8"), (formed.Precision, formed.Form));
    }

    [Fact]
    public void ToUtf8Json_FormAndTf32_FitTheSchema()
    {
        var result = Detect(TestImages.Encoded(".jpg"));
        var other = result with
        {
            Model = result.Model! with { Form = "gpu-fp32" },
            Options = result.Options! with { Tf32 = true },
        };

        AssertValid(Parse(other));
        Assert.Equal(("gpu-fp32", "fp32"), ((string?)Parse(other)["model"]!["form"], (string?)Parse(other)["model"]!["precision"]));
        Assert.True((bool)Parse(other)["options"]!["tf32"]!);
        Assert.Null(Parse(result)["options"]!["tf32"]);
        Assert.Null(Parse(result)["model"]!["form"]);
    }

    [Fact]
    public void Create_FastDecode_IsPartOfTheOptions()
    {
        var plain = Parse(Detect(TestImages.Encoded(".jpg")));
        var fast = Parse(Detect(TestImages.Encoded(".jpg"), new DetectorOptions { FastDecode = true }));

        AssertValid(fast);
        Assert.True((bool)fast["options"]!["fastDecode"]!);
        Assert.Null(plain["options"]!["fastDecode"]);
    }

    private static DetectionResult Detect(byte[] image, DetectorOptions? options = null)
    {
        using var model = NanodetModel.Load(
            new OnnxTestModel { Strides = [8] }.Build(),
            new ModelOptions { Provider = ExecutionProvider.Cpu });
        var detector = new Detector(model, options);
        return DetectionResult.Create(detector.Detect(image, TestContext.Current.CancellationToken), Blob, detector, Noon);
    }

    private static JsonNode Parse(DetectionResult result) => JsonNode.Parse(result.ToUtf8Json())!;

    private static EvaluationResults Evaluate(JsonNode json)
    {
        using var document = JsonDocument.Parse(json.ToJsonString());
        return Schema.Evaluate(
            document.RootElement,
            new EvaluationOptions { OutputFormat = OutputFormat.List, RequireFormatValidation = true });
    }

    private static void AssertValid(JsonNode json)
    {
        var results = Evaluate(json);
        Assert.True(
            results.IsValid,
            string.Join("; ", (results.Details ?? []).Where(detail => detail.Errors is not null).SelectMany(detail => detail.Errors!.Values)));
    }
}
