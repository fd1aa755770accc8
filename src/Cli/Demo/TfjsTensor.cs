namespace Nanodet.Serverless.Cli.Demo;

/// <summary>A tensor of a TensorFlow.js graph model.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Shape">Its dimensions.</param>
/// <param name="Values">Its elements in row-major order.</param>
internal sealed record TfjsTensor(string Name, IReadOnlyList<int> Shape, float[] Values);
