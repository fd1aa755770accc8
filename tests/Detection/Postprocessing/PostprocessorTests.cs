using Nanodet.Detection.Description;
using Nanodet.Detection.Postprocessing;
using Nanodet.Detection.Preprocessing;

namespace Nanodet.Serverless.Detection.Tests.Postprocessing;

public sealed class PostprocessorTests
{
    [Theory]
    [InlineData(HeadKind.Plus, false, 1)]
    [InlineData(HeadKind.Plus, false, 2)]
    [InlineData(HeadKind.Plus, true, 3)]
    [InlineData(HeadKind.Legacy, true, 4)]
    [InlineData(HeadKind.Legacy, true, 5)]
    [InlineData(HeadKind.Legacy, false, 6)]
    public void Process_RandomTensors_AgreesWithTheNaiveTwin(HeadKind head, bool keepRatio, int seed)
    {
        var random = new Random(seed);
        var model = new ModelDescription
        {
            Name = "random",
            Head = head,
            ClassNames = ["a", "b", "c", "d"],
            Strides = head == HeadKind.Plus ? [8, 16, 32, 64] : [8, 16, 32],
            RegMax = seed % 2 == 0 ? 7 : 10,
            Input = new ModelInput(160, 96, keepRatio),
            Mean = [0, 0, 0],
            Std = [1, 1, 1],
        };
        for (var round = 0; round < 10; round++)
        {
            var geometry = InputGeometry.Create(random.Next(20, 900), random.Next(20, 900), model.Input);
            var output = RandomOutput(model, geometry, random);

            var expected = ReferencePostprocessor.Process(model, output, geometry, 0.3, 0.6, 100);
            var actual = new Postprocessor(model, 0.3f, 0.6f, 100).Process(output, geometry);

            Assert.True(expected.Count > 10, $"only {expected.Count} detections: nothing is proved");
            Assert.Equal(expected.Count, actual.Length);
            foreach (var (one, other) in expected.Zip(actual))
            {
                Assert.Equal(one.ClassId, other.ClassId);
                Assert.Equal(model.ClassNames[one.ClassId], other.ClassName);
                Assert.Equal(one.Score, other.Score);
                Assert.Equal(one.X1, other.Box.X, tolerance: 5e-3);
                Assert.Equal(one.Y1, other.Box.Y, tolerance: 5e-3);
                Assert.Equal(one.X2 - one.X1, other.Box.Width, tolerance: 5e-3);
                Assert.Equal(one.Y2 - one.Y1, other.Box.Height, tolerance: 5e-3);
            }
        }
    }

    [Fact]
    public void Process_ManyCandidates_ReturnsItsBuffers()
    {
        var random = new Random(11);
        var model = new ModelDescription
        {
            Name = "random",
            Head = HeadKind.Plus,
            ClassNames = ["a", "b"],
            Strides = [8],
            RegMax = 7,
            Input = new ModelInput(320, 320, KeepRatio: false),
            Mean = [0, 0, 0],
            Std = [1, 1, 1],
        };
        var geometry = InputGeometry.Create(640, 480, model.Input);
        var output = RandomOutput(model, geometry, random);
        var postprocessor = new Postprocessor(model, 0f, 0.6f, 100);

        Assert.Equal(100, postprocessor.Process(output, geometry).Length);
        Assert.Equal(postprocessor.Process(output, geometry), postprocessor.Process(output, geometry));
    }

    private static float[] RandomOutput(ModelDescription model, InputGeometry geometry, Random random)
    {
        var output = new float[model.PointCount(geometry.TensorHeight, geometry.TensorWidth) * model.Columns];
        for (var i = 0; i < output.Length; i++)
        {
            output[i] = i % model.Columns < model.ClassNames.Count
                ? (float)Math.Pow(random.NextDouble(), 3)
                : (float)((random.NextDouble() * 8) - 4);
        }

        return output;
    }
}
