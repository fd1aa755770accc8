namespace Nanodet.Checkpoints.Torch;

/// <summary>A class or function that a pickle may call and that is played here: it makes a tensor or a container.</summary>
internal interface IPickledCallable
{
    /// <summary>Gives what the call makes.</summary>
    /// <param name="arguments">The arguments, in order.</param>
    /// <exception cref="CheckpointException">The arguments are none that PyTorch writes.</exception>
    object Call(object?[] arguments);
}
