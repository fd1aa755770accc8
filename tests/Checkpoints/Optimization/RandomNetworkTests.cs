using System.Globalization;
using Nanodet.Checkpoints.Architectures;
using Nanodet.Checkpoints.Architectures.Modules;

namespace Nanodet.Serverless.Checkpoints.Tests.Optimization;

/// <summary>Networks that nobody would train: every layer in every order, on channel counts of every kind.</summary>
public class RandomNetworkTests
{
    private const int Layers = 24;
    private static readonly int[] Channels = [5, 8, 12, 16, 22, 24, 32, 46, 58];
    private static readonly Activation[] Activations =
        [Activation.ReLU, Activation.LeakyReLU, Activation.ReLU6, Activation.PReLU, Activation.SiLU, Activation.HardSwish, Activation.Gelu];

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 40)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Optimize_RandomNetwork_ComputesTheSame(int seed)
    {
        var side = seed % 3 == 0 ? 48 : 12;
        new LayerTwin((network, x) => Build(network, x, new Random(seed)), side, side + 8).AssertEqual();
    }

    private static FeatureMap Build(NetworkBuilder network, FeatureMap image, Random random)
    {
        var maps = new List<FeatureMap> { GraphOptimizerTests.Unit(network, image, "stem", Pick(random, Channels)) };
        for (var layer = 0; layer < Layers; layer++)
        {
            var name = "layer" + layer.ToString(CultureInfo.InvariantCulture);
            var x = Pick(random, maps);
            maps.Add(Layer(network, x, Peer(maps, x, random), name, random));
        }

        // Everything of the commonest size is read in the end, some of it by nodes that want it exactly as it is.
        var last = maps.GroupBy(map => (map.Height, map.Width)).MaxBy(group => group.Count())!.ToList();
        var joined = last.Skip(1).Aggregate(last[0], (all, map) => network.Concat(all, map, "joined"));
        var first = GraphOptimizerTests.Convolution(network, joined, "last", 13);
        return network.Concat(first, last[^1], "output.both");
    }

    private static FeatureMap Layer(NetworkBuilder network, FeatureMap x, FeatureMap peer, string name, Random random)
    {
        switch (random.Next(12))
        {
            case 0 or 1:
                return GraphOptimizerTests.Unit(network, x, name, Pick(random, Channels));
            case 2:
                return GraphOptimizerTests.Convolution(network, x, name, Pick(random, Channels));
            case 3:
                return GraphOptimizerTests.Depthwise(network, x, name);
            case 4 or 5:
                var (first, second) = network.Split(x, random.Next(1, x.Channels), name);
                return random.Next(2) == 0 ? first : second;
            case 6:
                return network.ShuffleChannels(x, x.Channels % 2 == 0 ? 2 : 1, name);
            case 7:
                return network.Concat(x, peer, name);
            case 8:
                var projected = peer.Channels == x.Channels ? peer : GraphOptimizerTests.Convolution(network, peer, $"{name}.projection", x.Channels);
                return network.Add(x, projected, name);
            case 9:
                return network.Activate(x, Pick(random, Activations), name);
            case 10:
                return x.Height > 3 ? network.MaxPool(x, name, 3, 2, 1) : network.Resize(x, 2f, random.Next(2) == 0, name);
            default:
                return random.Next(2) == 0 ? new SqueezeExcite(0.25).Build(network, x, name) : network.Convolution(
                    x, new ConvolutionLayer(name, 24, 3) { Padding = 1, Norm = new Normalization(Groups: 3), NormName = $"{name}.gn" });
        }
    }

    private static FeatureMap Peer(List<FeatureMap> maps, FeatureMap x, Random random) =>
        Pick(random, maps.Where(map => map.Height == x.Height && map.Width == x.Width).ToList());

    private static T Pick<T>(Random random, IReadOnlyList<T> items) => items[random.Next(items.Count)];
}
