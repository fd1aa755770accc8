using System.ComponentModel.DataAnnotations;
using System.Runtime.InteropServices;
using Nanodet.Detection.Description;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Images;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Detectors;

/// <summary>The ways into a detector: they all lead to the same detections.</summary>
public sealed class DetectorDoorTests : IDisposable
{
    private static readonly OnnxTestModel Onnx = new() { KeepRatio = true, Width = 96, Height = 96, Bias = -2 };
    private static readonly ModelOptions OnCpu = new() { Provider = ExecutionProvider.Cpu };

    private readonly Detector _detector = Detector.Load(Onnx.Build(), model: OnCpu);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _detector.Dispose();

    [Fact]
    public void Load_File_IsTheSameModelAsItsBytes()
    {
        var folder = Directory.CreateTempSubdirectory("nanodet-test-");
        var path = Path.Combine(folder.FullName, "model.onnx");
        File.WriteAllBytes(path, Onnx.Build());

        using var detector = Detector.Load(path, new DetectorOptions { MaxDetections = 1 }, OnCpu);

        Assert.Equal(_detector.Model.Sha256, detector.Model.Sha256);
        Assert.Equal(1, detector.Options.MaxDetections);
        Assert.Equal(ProviderSelection.Cpu, detector.Model.Provider.Name);
        var image = TestImages.Encoded(".png");
        Assert.Equal(_detector.Detect(image, Token).Detections!.Take(1), detector.Detect(image, Token).Detections);
        folder.Delete(recursive: true);
    }

    [Fact]
    public void Load_WhatCannotBeLoaded_IsRefused()
    {
        Assert.Equal(ModelErrorCodes.NotFound, Assert.Throws<ModelLoadException>(() => Detector.Load("nowhere.onnx")).Code);
        Assert.Equal(ModelErrorCodes.NotAnOnnxModel, Assert.Throws<ModelLoadException>(() => Detector.Load("no model"u8.ToArray())).Code);
        Assert.Throws<ValidationException>(() => Detector.Load(Onnx.Build(), new DetectorOptions { IouThreshold = 2 }, OnCpu));
        Assert.Throws<ValidationException>(() => Detector.Load(Onnx.Build(), model: OnCpu with { ConcurrentRuns = 0 }));
    }

    [Fact]
    public void Dispose_ModelOfItsOwn_GoesAndACallersStays()
    {
        using var kept = NanodetModel.Load(Onnx.Build(), OnCpu);
        var own = Detector.Load(Onnx.Build(), model: OnCpu);
        var other = new Detector(kept);
        var image = TestImages.Encoded(".png");

        own.Dispose();
        own.Dispose();
        other.Dispose();

        Assert.Throws<ObjectDisposedException>(() => own.Detect(image, Token));
        Assert.True(own.Model.IsGone);
        Assert.True(other.Detect(image, Token).Succeeded);
    }

    [Theory]
    [InlineData(80, 40, 0)]
    [InlineData(61, 97, 5)]
    [InlineData(300, 211, 1)]
    [InlineData(1, 1, 7)]
    public void DetectPixels_PixelsOfALosslessFile_GivesTheFilesDetections(int width, int height, int gap)
    {
        var picture = TestImages.Gradient(width, height);
        var stride = (3 * width) + gap;

        // What lies between the rows is nobody's, and the last row ends with its pixels.
        var bgr = new byte[(stride * (height - 1)) + (3 * width)];
        bgr.AsSpan().Fill(255);
        for (var row = 0; row < height; row++)
        {
            picture.Pixels.AsSpan(row * 3 * width, 3 * width).CopyTo(bgr.AsSpan(row * stride));
        }

        var outcome = _detector.DetectPixels(bgr, width, height, stride, Token);

        var expected = _detector.Detect(TestImages.Encode(".png", picture), Token);
        Assert.True(expected.Succeeded);
        Assert.True(width == 1 || expected.Detections.Count > 0);
        Assert.Equal(expected.Detections, outcome.Detections);
        Assert.Equal((width, height, 1), (outcome.Width, outcome.Height, outcome.RunSize));
        Assert.Equal(expected.Detections, _detector.Detect(TestImages.Encode(".bmp", picture), Token).Detections);
    }

    [Fact]
    public void DetectPixels_SizesThatDoNotFit_AreTheCallersMistake()
    {
        var bgr = new byte[30];

        Assert.Equal("width", Assert.Throws<ArgumentOutOfRangeException>(() => _detector.DetectPixels(bgr, 0, 1, 3, Token)).ParamName);
        Assert.Equal("height", Assert.Throws<ArgumentOutOfRangeException>(() => _detector.DetectPixels(bgr, 1, -1, 3, Token)).ParamName);
        Assert.Equal("stride", Assert.Throws<ArgumentOutOfRangeException>(() => _detector.DetectPixels(bgr, 5, 2, 14, Token)).ParamName);
        Assert.Equal(
            "stride",
            Assert.Throws<ArgumentOutOfRangeException>(() => _detector.DetectPixels(bgr, int.MaxValue, 1, int.MaxValue, Token)).ParamName);
        Assert.Equal("bgr", Assert.Throws<ArgumentException>(() => _detector.DetectPixels(bgr, 5, 2, 16, Token)).ParamName);
        Assert.Equal("bgr", Assert.Throws<ArgumentException>(() => _detector.DetectPixels(bgr, 1, int.MaxValue, int.MaxValue, Token)).ParamName);
        Assert.True(_detector.DetectPixels(bgr, 5, 2, 15, Token).Succeeded);
        Assert.ThrowsAny<OperationCanceledException>(() => _detector.DetectPixels(bgr, 5, 2, 15, new CancellationToken(canceled: true)));
    }

    [Fact]
    public void DetectPixels_MoreThanTheLimits_IsAnErrorAsForAFile()
    {
        using var detector = Detector.Load(Onnx.Build(), new DetectorOptions { Limits = new ImageLimits { MaxPixels = 99 } }, OnCpu);

        var outcome = detector.DetectPixels(new byte[300], 10, 10, 30, Token);

        Assert.Equal(ImageErrorCodes.TooManyPixels, outcome.Error?.Code);
        Assert.Equal(outcome.Error!.Code, detector.Detect(TestImages.Encoded(".png", 10, 10), Token).Error?.Code);

        const int Side = ImageLimits.MaxSide + 1;
        var tooWide = _detector.DetectPixels(new byte[3 * Side], Side, 1, 3 * Side, Token);
        Assert.Equal((ImageErrorCodes.TooManyPixels, null), (tooWide.Error?.Code, tooWide.Width));
        Assert.StartsWith("Pixels: expected sides of at most", tooWide.Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Detect_Stream_IsReadFromWhereItStandsToItsEnd()
    {
        byte[] image = TestImages.Encode(".png", TestImages.Gradient(400, 300));
        using var stream = new Trickle([1, 2, 3, .. image], 1000);
        stream.Skip(3);

        var outcome = _detector.Detect(stream, Token);

        Assert.Equal(_detector.Detect(image, Token).Detections, outcome.Detections);
        Assert.False(stream.IsClosed);
        Assert.Equal(ImageErrorCodes.Empty, _detector.Detect(stream, Token).Error?.Code);
    }

    [Fact]
    public void Detect_StreamLongerThanTheLimit_IsNotReadToItsEnd()
    {
        using var detector = Detector.Load(Onnx.Build(), new DetectorOptions { Limits = new ImageLimits { MaxBytes = 10_000 } }, OnCpu);
        using var stream = new Trickle(new byte[1_000_000], 3000);

        var outcome = detector.Detect(stream, Token);

        Assert.Equal(ImageErrorCodes.TooLarge, outcome.Error?.Code);
        Assert.Equal(12_000, stream.Taken);
        Assert.ThrowsAny<OperationCanceledException>(() => detector.Detect(stream, new CancellationToken(canceled: true)));
    }

    [Fact]
    public void Detect_MemoryOfAnyKind_IsReadWithoutACopyOfTheCallers()
    {
        var image = TestImages.Encoded(".png");
        Span<byte> span = image;
        ReadOnlyMemory<byte> memory = image;

        var expected = _detector.Detect(image, Token).Detections;

        Assert.Equal(expected, _detector.Detect(span, Token).Detections);
        Assert.Equal(expected, _detector.Detect(memory.Span, Token).Detections);
        Assert.Equal(expected, Assert.Single(_detector.Detect([memory], Token)).Detections);
        Assert.Equal(expected, _detector.Detect(CollectionsMarshal.AsSpan(image.ToList()), Token).Detections);
    }

    [Fact]
    public void Detect_AllDoorsFromManyThreads_GivesEachItsOwn()
    {
        var pictures = Enumerable.Range(1, 6).Select(i => TestImages.Gradient(30 * i, 200 - (25 * i))).ToArray();
        var files = pictures.Select(picture => TestImages.Encode(".png", picture)).ToArray();
        var expected = files.Select(file => _detector.Detect(file, Token).Detections!).ToArray();

        Parallel.For(0, 90, i =>
        {
            var (picture, file) = (pictures[i % 6], files[i % 6]);
            using var stream = new MemoryStream(file);
            var outcome = (i % 4) switch
            {
                0 => _detector.Detect(file, Token),
                1 => _detector.Detect(stream, Token),
                2 => _detector.DetectPixels(picture.Pixels, picture.Width, picture.Height, 3 * picture.Width, Token),
                _ => _detector.Detect([file, files[0]], Token)[0],
            };
            Assert.Equal(expected[i % 6], outcome.Detections);
        });
        Assert.Equal(6, expected.Select(detections => detections[0]).Distinct().Count());
    }

    /// <summary>A stream that cannot be sought, and gives a little at a time.</summary>
    private sealed class Trickle(byte[] content, int most) : Stream
    {
        private int _position;

        public int Taken => _position;

        public bool IsClosed { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public void Skip(int count) => _position += count;

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            count = Math.Min(Math.Min(most, count), content.Length - _position);
            content.AsSpan(_position, count).CopyTo(buffer.AsSpan(offset));
            _position += count;
            return count;
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            IsClosed = true;
            base.Dispose(disposing);
        }
    }
}
