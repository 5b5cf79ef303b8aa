import sys; sys.path.insert(0,'/work/shared/tools')
import ag_common as c, json
c.use_checkout('/work/ref/genomicsxai+alphagenome-pytorch')
from ag_fill import tensor
import numpy as np, torch
from safetensors import safe_open
from alphagenome_pytorch import AlphaGenome
from alphagenome_pytorch.jax_compat.transforms import apply_transform
from alphagenome_pytorch.jax_compat.weight_mapping import map_pytorch_to_jax
g=safe_open('/work/shared/data/model_goldens/full_fp32_4096.safetensors','np'); shapes=json.loads(g.metadata()['shapes'])
m=AlphaGenome().eval()
sd=m.state_dict()
with open('/work/oracle/pytorch_names.tsv','w') as f:
    for k,t in sd.items(): f.write(k+'\t'+','.join(map(str,t.shape))+'\n')
un=[]
with torch.no_grad():
    for k,t in sd.items():
        j=map_pytorch_to_jax(k)
        if j not in shapes: un.append(k); continue
        v=tensor(j,shapes[j])
        t.copy_(torch.from_numpy(np.ascontiguousarray(v if k.endswith('organism_embed.weight') else apply_transform(k,v,tuple(t.shape)))))
print('not mapped',len(un),un[:20])
if len(sys.argv)>1:
    import struct
    hdr={};off=0
    for k,t in sd.items():
        if t.dtype!=torch.float32: print(k,t.dtype); continue
        n=t.numel()*4; hdr[k]={"dtype":"F32","shape":list(t.shape),"data_offsets":[off,off+n]}; off+=n
    h=json.dumps(hdr).encode(); h+=b' '*(-len(h)%8)
    with open(sys.argv[1],'wb') as f:
        f.write(struct.pack('<Q',len(h))+h)
        for k,t in sd.items():
            if t.dtype==torch.float32: f.write(t.contiguous().numpy().tobytes())
