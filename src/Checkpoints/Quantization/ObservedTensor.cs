namespace Nanodet.Checkpoints.Quantization;

/// <summary>An activation whose range has to be known before the model can compute in 8 bits.</summary>
/// <param name="Name">Name of the tensor, which is an output of the observed model.</param>
/// <param name="NegativeSlope">
/// What an error of a negative value is multiplied by before anything else sees it: the slope of the leaky rectifier that alone reads the
/// tensor; 1 for any other tensor.
/// </param>
public readonly record struct ObservedTensor(string Name, float NegativeSlope);
