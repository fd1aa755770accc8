using Google.Protobuf;
using Nanodet.Checkpoints.Architectures;
using Nanodet.Checkpoints.Architectures.Modules;
using Nanodet.Checkpoints.Graph;
using Nanodet.Checkpoints.StateDicts;
using Nanodet.Checkpoints.Torch;

namespace Nanodet.Serverless.Checkpoints.Tests.Architectures;

/// <summary>Single layers against the formulas of PyTorch's documentation.</summary>
public class NetworkBuilderTests
{
    private static readonly float[] Ramp = [.. Enumerable.Range(-40, 81).Select(i => i * 0.2f)];

    public static TheoryData<string, Func<double, double>> Formulas => new()
    {
        { nameof(Activation.None), x => x },
        { nameof(Activation.ReLU), x => Math.Max(x, 0) },
        { nameof(Activation.LeakyReLU), x => x < 0 ? 0.1 * x : x },
        { nameof(Activation.ReLU6), x => Math.Clamp(x, 0, 6) },
        { nameof(Activation.Selu), x => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543773 * (Math.Exp(x) - 1)) },
        { nameof(Activation.Elu), x => x > 0 ? x : Math.Exp(x) - 1 },
        { nameof(Activation.Gelu), x => x * NormalDistribution(x) },
        { nameof(Activation.PReLU), x => x < 0 ? 0.375 * x : x },
        { nameof(Activation.SiLU), x => x / (1 + Math.Exp(-x)) },
        { nameof(Activation.HardSwish), x => x * Math.Clamp(x + 3, 0, 6) / 6 },
    };

    [Theory]
    [MemberData(nameof(Formulas))]
    public void Activate_Values_FollowTheFormula(string activation, Func<double, double> formula)
    {
        var actual = Run(
            (network, x) => network.Activate(x, Enum.Parse<Activation>(activation), "act"),
            [TorchTensorData.Float32("act.weight", [1], [0.375f])], Ramp, channels: 1, height: 1, width: 81);

        AssertClose([.. Ramp.Select(x => formula(x))], actual);
    }

    [Fact]
    public void Formulas_EveryActivation_HasOne() =>
        Assert.Equal(Enum.GetNames<Activation>().Order(), Formulas.Select(row => row.Data.Item1).Order());

    [Fact]
    public void Resize_NearestByTwo_RepeatsEachValue() => AssertClose(
        [1, 1, 2, 2, 3, 3, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 4, 4, 5, 5, 6, 6],
        Run((network, x) => network.Resize(x, 2f, bilinear: false, "up"), [], [1, 2, 3, 4, 5, 6], 1, 2, 3));

    [Fact]
    public void Resize_BilinearByTwo_TakesPixelCentres() => AssertClose(
        [1, 1.25, 1.75, 2.25, 2.75, 3, 1.75, 2, 2.5, 3, 3.5, 3.75, 3.25, 3.5, 4, 4.5, 5, 5.25, 4, 4.25, 4.75, 5.25, 5.75, 6],
        Run((network, x) => network.Resize(x, 2f, bilinear: true, "up"), [], [1, 2, 3, 4, 5, 6], 1, 2, 3));

    [Fact]
    public void Resize_BilinearByHalf_TakesTheMeanOfFour() => AssertClose(
        [3.5, 5.5],
        Run((network, x) => network.Resize(x, 0.5f, bilinear: true, "down"), [], [1, 2, 3, 4, 5, 6, 7, 8], 1, 2, 4));

    [Fact]
    public void ShuffleChannels_TwoGroups_AreInterleaved() => AssertClose(
        [0, 3, 1, 4, 2, 5], Run((network, x) => network.ShuffleChannels(x, 2, "shuffle"), [], [0, 1, 2, 3, 4, 5], 6, 1, 1));

    [Fact]
    public void ShuffleChannels_ThreeGroups_AreInterleaved() => AssertClose(
        [0, 2, 4, 1, 3, 5], Run((network, x) => network.ShuffleChannels(x, 3, "shuffle"), [], [0, 1, 2, 3, 4, 5], 6, 1, 1));

    [Fact]
    public void Split_Channels_GivesBothParts()
    {
        AssertClose([0, 1], Run((network, x) => network.Split(x, 2, "split").First, [], [0, 1, 2, 3, 4], 5, 1, 1));
        AssertClose([2, 3, 4], Run((network, x) => network.Split(x, 2, "split").Second, [], [0, 1, 2, 3, 4], 5, 1, 1));
    }

    [Fact]
    public void MaxPool_PaddedWindow_IgnoresThePadding() => AssertClose(
        [-1, -2, -5, -6],
        Run((network, x) => network.MaxPool(x, "pool", 3, 2, 1), [], [.. Enumerable.Range(1, 16).Select(i => -(float)i)], 1, 4, 4));

    [Fact]
    public void Convolution_BiasAndNormalisation_AreFolded()
    {
        // gamma * (w * x + b - mean) / sqrt(variance + epsilon) + beta, per channel.
        var actual = Run(
            (network, x) => network.Convolution(x, new ConvolutionLayer("conv", 2, 1) { Bias = true, Norm = new Normalization(0.5), NormName = "bn" }),
            [
                TorchTensorData.Float32("conv.weight", [2, 1, 1, 1], [2, -3]),
                TorchTensorData.Float32("conv.bias", [2], [0.25f, -1]),
                TorchTensorData.Float32("bn.weight", [2], [1.5f, 0.5f]),
                TorchTensorData.Float32("bn.bias", [2], [10, 20]),
                TorchTensorData.Float32("bn.running_mean", [2], [0.75f, 4]),
                TorchTensorData.Float32("bn.running_var", [2], [3.5f, 8.5f]),
            ],
            [1, 5], 1, 1, 2);

        AssertClose([(1.5 * ((2 * 1) + 0.25 - 0.75) / 2) + 10, (1.5 * ((2 * 5) - 0.5) / 2) + 10, (0.5 * (-3 - 5) / 3) + 20, (0.5 * (-15 - 5) / 3) + 20], actual);
    }

    [Fact]
    public void Convolution_GroupsStrideAndPadding_ArePassedOn()
    {
        // Each channel by itself; a 3 x 3 kernel of ones sums its window, zeros outside.
        var actual = Run(
            (network, x) => network.Convolution(x, new ConvolutionLayer("conv", 2, 3) { Stride = 2, Padding = 1, Groups = 2 }),
            [TorchTensorData.Float32("conv.weight", [2, 1, 3, 3], [.. Enumerable.Repeat(1f, 9), .. Enumerable.Repeat(10f, 9)])],
            [1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 1, 1, 1, 1, 1, 1, 1, 1], 2, 3, 3);

        AssertClose([1 + 2 + 4 + 5, 2 + 3 + 5 + 6, 4 + 5 + 7 + 8, 5 + 6 + 8 + 9, 40, 40, 40, 40], actual);
    }

    private static double NormalDistribution(double x)
    {
        // Integral of the bell curve by Simpson's rule: as independent of the error function as it gets.
        const int Steps = 2000;
        var step = x / Steps;
        var sum = 0.0;
        for (var i = 0; i <= Steps; i++)
        {
            var weight = i is 0 or Steps ? 1 : i % 2 == 1 ? 4 : 2;
            sum += weight * Math.Exp(-(i * step) * (i * step) / 2);
        }

        return 0.5 + (sum * step / 3 / Math.Sqrt(2 * Math.PI));
    }

    private static float[] Run(
        Func<NetworkBuilder, FeatureMap, FeatureMap> layer, IReadOnlyList<TorchTensorData> weights, float[] input, int channels, int height, int width)
    {
        // A state dict has to have a detector's tensor to count as one; no layer asks for this one.
        var stateDict = StateDictReader.Read(CheckpointFile.Write([.. weights, CheckpointFile.Procedural("head.x", 1)]));
        var graph = new OnnxGraph();
        var result = layer(new NetworkBuilder(graph, new WeightBinder(stateDict)), new FeatureMap("data", channels, height, width));
        graph.Node("Identity", "output", [result.Value]);
        var model = graph.ToModel("layer", ("data", ["batch", channels, height, width]), ("output", ["batch", result.Channels, result.Height, result.Width]));
        using var session = new CpuModel(model.ToByteArray());

        var (shape, values) = session.Run(input, 1, channels, height, width);

        Assert.Equal([1, result.Channels, result.Height, result.Width], shape);
        return values;
    }

    private static void AssertClose(double[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.InRange(pair.Second, pair.First - 2e-6 - (1e-6 * Math.Abs(pair.First)), pair.First + 2e-6 + (1e-6 * Math.Abs(pair.First))));
    }
}
